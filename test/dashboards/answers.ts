import assert from 'node:assert/strict';
import type { Row } from '../lab/influx.ts';
import { load, named, targets } from './grafana.ts';

/** The rows of a query of a dashboard, of so many seconds in points of so many milliseconds. */
export interface Answer {
  readonly query: string;
  readonly rows: readonly Row[];
  readonly seconds: number;
  readonly interval: number;
}

/** Bytes a second of each group of an answer. */
export function rates(
  { query, rows, seconds, interval }: Answer,
  by: readonly string[],
  column: string,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const row of rows) {
    const group = by[0] === 'edge' ? edgeOf(query, row).id : by.map((tag) => row[tag]).join(' | ');
    const bytes = column === 'rate' ? (valueOf(row) * interval) / 8000 : Number(row[column]);
    found.set(group ?? '', (found.get(group ?? '') ?? 0) + bytes / seconds);
  }
  return found;
}

/** The figure of a row of a graph, which has but one. */
export function valueOf(row: Row): number {
  const figure = Object.entries(row).find(
    ([column, value]) => column !== 'time' && typeof value === 'number',
  );
  return Number(figure?.[1]);
}

/** What the panel makes of the name of a figure of the graph. */
export function edgeOf(query: string, row: Row): { [field: string]: string } {
  const { alias = '' } =
    targets(load('topology')).find(({ refId }) => query.endsWith(` / ${refId}`)) ?? {};
  const pairs = named(alias, row).matchAll(/(\w+)="([^"]*)"/g);
  return Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, value]));
}

export function near(found: number, wanted: number, what: string): void {
  const error = Math.abs(found - wanted) / wanted;
  assert.ok(error < 0.03, `${what}: ${found.toFixed(2)} for ${wanted}`);
}
