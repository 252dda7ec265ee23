import { record } from './record.ts';
import type { Row } from './rows.ts';

type Field = keyof ReturnType<typeof record>;

/** What rows can be sorted by: a field, or both directions together. */
export const COLUMNS = [
  'namespace',
  'pod',
  'workload',
  'node',
  'peer',
  'port',
  'rate',
  'sendRate',
  'receiveRate',
  'rate10s',
  'sendRate10s',
  'receiveRate10s',
  'rate40s',
  'sendRate40s',
  'receiveRate40s',
  'bytes',
  'sentBytes',
  'receivedBytes',
] as const satisfies readonly (Field | 'rate' | 'rate10s' | 'rate40s' | 'bytes')[];
export type Column = (typeof COLUMNS)[number];

/** Rows that are equal are in the order of their names, so that they do not change places. */
export function sorted(rows: readonly Row[], column: Column, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row, column) }))
    .sort((a, b) => sign * compare(a.value, b.value) || compare(a.row.key, b.row.key))
    .map(({ row }) => row);
}

function valueOf(row: Row, column: Column): string | number {
  if (column === 'rate') return row.now.send + row.now.receive;
  if (column === 'rate10s') return row.mean10.send + row.mean10.receive;
  if (column === 'rate40s') return row.mean40.send + row.mean40.receive;
  if (column === 'bytes') return row.sentBytes + row.receivedBytes;
  if (column === 'pod') return `${row.namespace}/${row.pod}`;
  if (column === 'peer') return `${row.peer_namespace}/${row.peer}`;
  return record(row)[column];
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
