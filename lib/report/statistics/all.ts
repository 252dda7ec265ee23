import { captures } from './captures.ts';
import { cluster } from './cluster.ts';
import { delivery } from './delivery.ts';
import { processes } from './process.ts';
import { traffic } from './traffic.ts';

/** Figures that a row has as they are when its window ends; those of `traffic` are read when the window is named. */
export const atWindowEnd = [...processes, ...captures, ...cluster, ...delivery] as const;

/** All figures of the agent. */
export const statistics = [...atWindowEnd, ...traffic] as const;
