import type { Row } from '../../../lib/top/rows.ts';
import type { Totals } from '../../../lib/top/totals.ts';
import type { AgentState } from '../../../lib/top/view.ts';

/** What is known at one moment. */
export interface Picture {
  /** Sorted and filtered. */
  readonly rows: readonly Row[];
  readonly totals: Totals;
  readonly agents: readonly AgentState[];
  /** The time of day at which it was known. */
  readonly time: string;
  /** The pod that stands for the one that is followed: itself, if it is there. */
  readonly followed: string | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
