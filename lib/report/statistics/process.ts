import { performance } from 'node:perf_hooks';
import packageJson from '../../../package.json' with { type: 'json' };
import type { NodeCapture } from '../../capture/node-capture.ts';
import type { CpuTime } from '../../linux/cpu-time.ts';
import { memory, residentBytes } from '../../linux/memory.ts';
import { byName, type Statistic } from './statistic.ts';

export interface ProcessSources {
  readonly proc: string;
  readonly cpu: Pick<CpuTime, 'read'>;
  readonly capture: Pick<NodeCapture, 'processes' | 'source'>;
}

/** What the agent costs the node. */
export const processes: readonly Statistic<ProcessSources>[] = [
  {
    metric: 'nstats_build_info',
    labels: ['version'],
    help: 'Always 1; the version is in the label.',
    read: () => byName({ [packageJson.version]: 1 }),
  },
  {
    metric: 'nstats_start_time_seconds',
    help: 'When the daemon was started, in seconds since 1970.',
    read: () => performance.timeOrigin / 1000,
  },
  {
    metric: 'nstats_cpu_seconds_total',
    labels: ['process'],
    fields: { cpuSeconds: 'sum' },
    float: true,
    help: 'CPU time of the daemon, and of all that captures (iftop, or the helper of bpf), ended processes included.',
    read: ({ cpu, capture }) => {
      const { daemon, captures } = cpu.read();
      return byName({ daemon, [capture.source]: captures });
    },
  },
  {
    metric: 'nstats_memory_bytes',
    labels: ['process'],
    help: 'Memory of the daemon, and of all that captures (iftop, or the helper of bpf). What several processes share is divided among them (PSS).',
    read: ({ proc, capture }) =>
      byName({
        daemon: memory(proc, ['self']),
        [capture.source]: memory(proc, capture.processes),
      }),
  },
  {
    fields: { rssBytes: 'sum' },
    help: 'Resident memory of the daemon and of all that captures; pages that several processes share count for each.',
    read: ({ proc, capture }) => residentBytes(proc, ['self', ...capture.processes]),
  },
  {
    metric: 'nstats_event_loop_active_seconds_total',
    help: 'Time in which the event loop of the daemon was not idle.',
    read: () => performance.eventLoopUtilization().active / 1000,
  },
];
