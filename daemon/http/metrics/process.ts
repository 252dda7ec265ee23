import { performance } from 'node:perf_hooks';
import packageJson from '../../../package.json' with { type: 'json' };
import { memory } from '../../../lib/linux/memory.ts';
import type { CpuTime } from '../../../lib/linux/cpu-time.ts';
import { byName, counter, gauge, type Metric } from './metric.ts';

export interface ProcessSources {
  readonly proc: string;
  readonly cpu: CpuTime;
  /** The processes of the captures. */
  readonly children: () => readonly number[];
}

/** What all this costs the node. */
export function processes({ proc, cpu, children }: ProcessSources): Metric[] {
  return [
    gauge('build_info', 'Always 1; the version is in the label.', ['version'], () =>
      byName({ [packageJson.version]: 1 }),
    ),
    gauge(
      'start_time_seconds',
      'When the daemon was started.',
      () => performance.timeOrigin / 1000,
    ),
    counter(
      'cpu_seconds_total',
      'CPU time of the daemon, and of all its iftops, ended ones included.',
      ['process'],
      () => byName({ ...cpu.read() }),
    ),
    gauge(
      'memory_bytes',
      'Memory, of which each process has its part where several share it (PSS).',
      ['process'],
      () => byName({ daemon: memory(proc, ['self']), iftop: memory(proc, children()) }),
    ),
    counter(
      'event_loop_active_seconds_total',
      'Time in which the daemon was not waiting for anything.',
      () => performance.eventLoopUtilization().active / 1000,
    ),
  ];
}
