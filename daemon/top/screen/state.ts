import type { Group, Row } from '../../../lib/top/rows.ts';
import type { Column } from '../../../lib/top/sort.ts';
import type { Cursor } from './cursor.ts';
import type { Followed } from './followed.ts';

/** What the user has chosen to see. */
export interface State {
  readonly group: Group;
  readonly sort: Column;
  readonly isDescending: boolean;
  readonly filter: string;
  /** While a filter is typed: the one before. */
  readonly filterBefore: string | undefined;
  readonly followed: Followed | undefined;
  readonly isFrozen: boolean;
  readonly isHelp: boolean;
  readonly cursor: Cursor;
}

/** What is on the screen when a key is pressed. */
export interface Shown {
  readonly rows: readonly Row[];
  /** Rows that have room. */
  readonly room: number;
  /** What can be sorted by. */
  readonly columns: readonly Column[];
}

const NAMES: ReadonlySet<Column> = new Set([
  'namespace',
  'pod',
  'workload',
  'node',
  'peer',
  'port',
]);

/** Figures have the largest on top, names the first. */
export function startsDescending(column: Column): boolean {
  return !NAMES.has(column);
}
