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

/** Figures that a row has as they are when its window ends; those of `traffic` are read when the window is named. */
export const atWindowEnd: readonly Statistic<Omit<Sources, keyof TrafficSources>>[] = [
  ...processes,
  ...captures,
  ...cluster,
  ...delivery,
];

/** All figures of the agent. */
export const statistics: readonly Statistic<Sources>[] = [...atWindowEnd, ...traffic];
