import assert from 'node:assert/strict';
import type { Row } from './influx.ts';

/** The fields of `nstat_pod` that say why bytes have no peer. */
export const MISSING = [
  'missingUncaptured',
  'missingOverload',
  'missingPaused',
  'missingOther',
] as const;

/** The sum of these fields in all rows; a field that a row does not have is 0. */
export function sum(rows: readonly Row[], ...fields: readonly string[]): number {
  return rows.reduce(
    (total, row) => fields.reduce((part, field) => part + Number(row[field] ?? 0), total),
    0,
  );
}

/** Bytes of a row of `nstat_pod` that the kernel counted and no peer has, each direction by itself. */
export function missingOf(row: Row): number {
  const missing = (direction: 'sent' | 'received') =>
    Math.max(0, sum([row], `${direction}Bytes`) - sum([row], `${direction}Attributed`));
  return missing('sent') + missing('received');
}

/** Asserts that in every row of `nstat_pod` the reasons for missing bytes add up. */
export function assertReasons(rows: readonly Row[]): void {
  for (const row of rows) assert.equal(sum([row], ...MISSING), missingOf(row), JSON.stringify(row));
}

/** Asserts that a number is within a share of the true one, and so many bytes more. */
export function assertClose(found: number, truth: number, share: number, bytes = 0): void {
  assert.ok(Math.abs(found - truth) <= share * truth + bytes, `${found} of ${truth}`);
}
