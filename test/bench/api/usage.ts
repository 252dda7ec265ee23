import { statusOf } from '../../lab/processes.ts';

/** What a process has used up to now. */
export interface Usage {
  /** CPU seconds, all threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly peak: number;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  // Unlike ru_maxrss, VmHWM is not handed down by the parent.
  const peak = Number.parseInt(String(statusOf(process.pid)?.['VmHWM'] ?? ''), 10) * 1024;
  return { cpu: (user + system) / 1e6, rss: process.memoryUsage.rss(), peak };
}

/** What is live on the heap, in bytes. Needs --expose-gc. */
export function liveHeap(): number {
  // What finalizers let go is freed by the second.
  for (let time = 0; time < 2; time += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
