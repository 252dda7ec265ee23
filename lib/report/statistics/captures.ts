import type { NodeCapture } from '../../capture/node-capture.ts';
import { byName, type Statistic } from './statistic.ts';

export interface CaptureSources {
  readonly capture: Pick<NodeCapture, 'figures'>;
}

/** How much of the node is captured, and how well. */
export const captures: readonly Statistic<CaptureSources>[] = [
  {
    metric: 'nstats_pods',
    fields: { podsSeen: 'sum' },
    help: 'Pods of this node that are to be observed.',
    read: ({ capture }) => capture.figures.podsSeen,
  },
  {
    fields: { sessions: 'sum' },
    help: 'Captures that have a running iftop, one for each interface of IFACE that a pod has.',
    read: ({ capture }) => capture.figures.sessions,
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
    read: ({ capture }) => capture.figures.sessionRestarts,
  },
  {
    metric: 'nstats_iftop_reports_total',
    help: 'Reports that iftops have printed.',
    read: ({ capture }) => capture.figures.frames,
  },
  {
    metric: 'nstats_unparsed_lines_total',
    fields: { unparsedLines: 'sum' },
    help: 'Lines of iftop that could not be parsed.',
    read: ({ capture }) => capture.figures.unparsedLines,
  },
];
