import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { statOf } from '../../lib/linux/process-stat.ts';

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

/** The processes that capture: iftops, and the helper that counts in the kernel. */
export function captureProcesses(): ProcessStatus[] {
  return ['iftop', 'nstats-bpf'].flatMap(processesNamed);
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

/** Whether a packet socket is open in the network namespace of a process. */
export function hasPacketSocket(pid: number): boolean {
  const [, ...sockets] = readFileSync(`/proc/${pid}/net/packet`, 'utf8').trim().split('\n');
  return sockets.length > 0;
}

/** How many sockets a process has open, those of its standard streams left out. */
export function packetSockets(pid: number): number {
  try {
    const own = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) > 2);
    return own.filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;
  } catch {
    return 0;
  }
}

/** CPU time of a process in seconds. */
export function cpuSeconds(pid: number): number {
  return statOf('/proc', pid)?.cpu ?? NaN;
}

/** CPU time in seconds of a process and of all that came out of it, ended ones included. */
export function cpuSecondsOfAll(pid: number): number {
  const { cpu, waitedFor } = statOf('/proc', pid) ?? { cpu: 0, waitedFor: 0 };
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const living = children.filter((child) => child !== '' && statusOf(Number(child)));
  return living.reduce((sum, child) => sum + cpuSecondsOfAll(Number(child)), cpu + waitedFor);
}
