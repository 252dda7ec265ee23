import type { Row } from '../lab/influx.ts';

/** The pod of a row as `namespace/name`. */
export function nameOf(row: Row): string {
  return `${row['namespace']}/${row['pod']}`;
}
