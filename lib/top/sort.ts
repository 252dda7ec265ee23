import type { Row } from './rows.ts';

/** What rows can be sorted by: a field, or both directions together. */
const VALUES = {
  namespace: ({ namespace }) => namespace,
  pod: ({ namespace, pod }) => `${namespace}/${pod}`,
  workload: ({ workload }) => workload,
  node: ({ node }) => node,
  peer: ({ peer_namespace, peer }) => `${peer_namespace}/${peer}`,
  port: ({ port }) => port,
  rate: ({ now }) => now.send + now.receive,
  sendRate: ({ now }) => now.send,
  receiveRate: ({ now }) => now.receive,
  rate10s: ({ mean10 }) => mean10.send + mean10.receive,
  sendRate10s: ({ mean10 }) => mean10.send,
  receiveRate10s: ({ mean10 }) => mean10.receive,
  rate40s: ({ mean40 }) => mean40.send + mean40.receive,
  sendRate40s: ({ mean40 }) => mean40.send,
  receiveRate40s: ({ mean40 }) => mean40.receive,
  bytes: ({ sentBytes, receivedBytes }) => sentBytes + receivedBytes,
  sentBytes: ({ sentBytes }) => sentBytes,
  receivedBytes: ({ receivedBytes }) => receivedBytes,
} satisfies { readonly [column: string]: (row: Row) => string | number };

export type Column = keyof typeof VALUES;
export const COLUMNS = Object.keys(VALUES) as readonly Column[];

/** Rows that are equal are in the order of their keys, so that they do not change places. */
export function sorted(rows: readonly Row[], column: Column, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  const valueOf: (row: Row) => string | number = VALUES[column];
  const values = rows.map(valueOf);
  const keys = rows.map(({ key }) => key);
  return rows
    .map((_row, index) => index)
    .sort((a, b) => sign * compare(values[a], values[b]) || compare(keys[a], keys[b]))
    .map((index) => rows[index] as Row);
}

function compare(a: string | number = 0, b: string | number = 0): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
