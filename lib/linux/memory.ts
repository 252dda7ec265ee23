import { readFileSync } from 'node:fs';

/**
 * Bytes of memory of some processes: each has its part of what several share (PSS). Where the
 * kernel does not tell, it is what no file and no other process has any part of.
 */
export function memory(proc: string, pids: Iterable<number | 'self'>): number {
  let bytes = 0;
  for (const pid of pids) {
    // It takes the right to trace the process, and some 0.3 ms (proc_pid_smaps(5)).
    const pss = bytesIn(`${proc}/${pid}/smaps_rollup`, 'Pss');
    bytes += pss ?? bytesIn(`${proc}/${pid}/status`, 'RssAnon') ?? 0;
  }
  return bytes;
}

/** Resident bytes of some processes; pages that they share count more than once. */
export function residentBytes(proc: string, pids: Iterable<number | 'self'>): number {
  let bytes = 0;
  for (const pid of pids) bytes += bytesIn(`${proc}/${pid}/status`, 'VmRSS') ?? 0;
  return bytes;
}

/**
 * A figure that the kernel tells in units of 1024 bytes, whatever the size of its pages (4, 16 or 64 KiB), in which
 * other files of a process count. Undefined if the process has gone, or we may not look at it.
 */
function bytesIn(file: string, field: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d{1,20}) kB$`, 'm').exec(text) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
