import { cluster } from './cluster.ts';
import { cost } from './cost.ts';
import { namespace } from './namespace.ts';
import { pod } from './pod.ts';
import { topology } from './topology.ts';
import type { Expected } from './types.ts';

/** What the known traffic makes of the queries. */
export const EXPECTED: readonly Expected[] = [
  ...cluster,
  ...namespace,
  ...pod,
  ...topology,
  ...cost,
];
