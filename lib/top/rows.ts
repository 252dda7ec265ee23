import type { View } from './view.ts';

/** What a row of a table stands for: a pod and a peer, or all of a pod, workload, namespace or peer. */
export const GROUPS = ['flow', 'pod', 'workload', 'namespace', 'peer'] as const;
export type Group = (typeof GROUPS)[number];

/** A row of a table; names that it does not have are `-`. */
export interface Row extends View {
  /** Tells the row from others of the same group, and stays the same. */
  readonly key: string;
}
