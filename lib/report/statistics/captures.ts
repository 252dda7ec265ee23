import type { NodeCapture } from '../../capture/node-capture.ts';
import { byName, type Statistic } from './statistic.ts';

/** How much of the node is captured, and how well. */
export const captures: readonly Statistic<{
  readonly capture: Pick<NodeCapture, 'figures' | 'counts' | 'source'>;
}>[] = [
  {
    metric: 'nstats_capture_info',
    labels: ['source'],
    help: 'Always 1; what captures is in the label: iftop or bpf.',
    read: ({ capture }) => byName({ [capture.source]: 1 }),
  },
  {
    fields: { bpf: 'sum' },
    help: '1 if traffic is counted in the kernel, 0 if iftop captures it.',
    read: ({ capture }) => (capture.source === 'bpf' ? 1 : 0),
  },
  {
    metric: 'nstats_pods',
    fields: { podsSeen: 'sum' },
    help: 'Pods of this node that are to be observed.',
    read: ({ capture }) => capture.figures.podsSeen,
  },
  {
    fields: { sessions: 'sum' },
    help: 'Captures that run, one for each interface of IFACE that a pod has.',
    read: ({ capture }) => capture.figures.captures,
  },
  {
    metric: 'nstats_sessions',
    labels: ['state'],
    fields: { sessionsOverloaded: ['overloaded'], sessionsPaused: ['paused'] },
    help: 'Captures by their state, one for each interface of IFACE that a pod has, and one for a pod that has none: pending (by the API the pod has no address yet, or is being deleted), waiting (no namespace found, or a pause after a failure), starting, running, overloaded (iftop at its limits, or stopped for it), paused (for CPU_BUDGET), unavailable (what is there cannot be captured).',
    read: ({ capture }) => byName(capture.figures.states),
  },
  {
    metric: 'nstats_session_restarts_total',
    fields: { sessionRestarts: 'sum' },
    help: 'Captures that ended by themselves and are started again.',
    read: ({ capture }) => capture.counts.captureRestarts,
  },
  {
    metric: 'nstats_helper_restarts_total',
    fields: { helperRestarts: 'sum' },
    help: 'Starts of the helper that counts in the kernel, after the first one.',
    read: ({ capture }) => capture.counts.helperRestarts,
  },
  {
    metric: 'nstats_iftop_reports_total',
    help: 'Reports that iftops have printed.',
    read: ({ capture }) => capture.counts.frames,
  },
  {
    metric: 'nstats_unparsed_lines_total',
    fields: { unparsedLines: 'sum' },
    help: 'Lines of iftop that could not be parsed.',
    read: ({ capture }) => capture.counts.unparsedLines,
  },
];
