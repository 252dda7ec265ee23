import { captures, type CaptureSources } from './captures.ts';
import { cluster, type ClusterSources } from './cluster.ts';
import { delivery, type DeliverySources } from './delivery.ts';
import { processes, type ProcessSources } from './process.ts';
import type { Statistic } from './statistic.ts';
import { traffic, type TrafficSources } from './traffic.ts';

export type Sources = ProcessSources &
  CaptureSources &
  ClusterSources &
  TrafficSources &
  DeliverySources;

/** All figures of the agent, in the order in which a window comes to be. */
export const statistics: readonly Statistic<Sources>[] = [
  ...processes,
  ...captures,
  ...cluster,
  ...traffic,
  ...delivery,
];

/** Those that a row has as they are when its window ends; those of traffic are read when it is named. */
export const atWindowEnd: readonly Statistic<Omit<Sources, keyof TrafficSources>>[] = [
  ...processes,
  ...captures,
  ...cluster,
  ...delivery,
];
