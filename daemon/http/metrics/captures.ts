import type { NodeCapture } from '../../../lib/capture/node-capture.ts';
import { byName, counter, gauge, type Metric } from './metric.ts';

/** How much of the node is captured, and how well. */
export function captures(registry: Pick<NodeCapture, 'figures'>): Metric[] {
  const figures = () => registry.figures;
  return [
    gauge('pods', 'Pods of this node that are to be observed.', () => figures().podsSeen),
    gauge(
      'sessions',
      'Captures by their state, one for each interface of IFACE that a pod has, and one for a pod that has none: pending (by the API the pod has no address yet, or is being deleted), waiting (no namespace found, or a pause after a failure), starting, running, overloaded (iftop at its limits, or stopped for it), paused (for CPU_BUDGET), unavailable (what is there cannot be captured).',
      ['state'],
      () => byName(figures().states),
    ),
    counter(
      'session_restarts_total',
      'Captures that ended by themselves and are started again.',
      () => figures().sessionRestarts,
    ),
    counter('frames_total', 'Reports of iftop.', () => figures().frames),
    counter(
      'unparsed_lines_total',
      'Lines of iftop that could not be read.',
      () => figures().unparsedLines,
    ),
  ];
}
