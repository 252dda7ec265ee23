import type { Row } from '../lab/influx.ts';

/** The pod of a row as `namespace/name`. */
export function nameOf(row: Row): string {
  return `${row['namespace']}/${row['pod']}`;
}

/** The sum of some fields; one that a row does not have is 0. */
export function bytes(row: Row, ...columns: string[]): number {
  return columns.reduce((sum, column) => sum + Number(row[column] ?? 0), 0);
}
