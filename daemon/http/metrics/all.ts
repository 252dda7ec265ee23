import type { NodeCapture } from '../../../lib/capture/node-capture.ts';
import type { Sink } from '../../../lib/report/reporter.ts';
import type { Totals } from '../../../lib/report/totals.ts';
import { captures } from './captures.ts';
import { cluster, type ClusterSources } from './cluster.ts';
import { delivery } from './delivery.ts';
import type { Metric } from './metric.ts';
import { processes, type ProcessSources } from './process.ts';
import { traffic } from './traffic.ts';

export type Sources = ClusterSources &
  Omit<ProcessSources, 'children'> & {
    readonly registry: Pick<NodeCapture, 'figures' | 'processes'>;
    readonly totals: Totals;
    readonly sink: Pick<Sink, 'figures'>;
  };

/** All metrics, in the order in which a window comes to be. */
export function allMetrics(sources: Sources): Metric[] {
  const { registry, totals, sink } = sources;
  return [
    ...processes({ ...sources, children: () => registry.processes }),
    ...captures(registry),
    ...cluster(sources),
    ...traffic(totals),
    ...delivery(sink),
  ];
}
