import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc/<pid>/status tells it. */
export interface ProcessStatus {
  readonly pid: number;
  readonly state: string;
  readonly [field: string]: string | number;
}

/** The processes of a command's name, zombies left out. */
export function processesNamed(name: string): ProcessStatus[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const all = pids.map(statusOf).filter((status) => status !== undefined);
  return all.filter((status) => status['Name'] === name && !status.state.startsWith('Z'));
}

/** Undefined if there is no such process. */
export function statusOf(pid: number): ProcessStatus | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
    const fields = Object.fromEntries(
      lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]),
    );
    return { ...fields, pid, state: fields['State'] ?? '' };
  } catch {
    return undefined;
  }
}

/** CPU time of a process in seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return ((fields[11] ?? 0) + (fields[12] ?? 0)) / 100;
}
