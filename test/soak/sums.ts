import type { Row } from '../lab/influx.ts';
import type { KernelCount } from './counts.ts';
import { bytes, nameOf } from './rows.ts';

/** All rows of some pods against the kernel, in bytes of both directions. */
export interface Sums {
  readonly pods: number;
  readonly kernel: number;
  readonly counted: number;
  readonly attributed: number;
  readonly uncaptured: number;
  readonly overload: number;
  readonly paused: number;
  readonly other: number;
  /** The farthest that a pod's rows are from the kernel, in either direction. */
  readonly farthest: number;
  /** Of the pod of which the least is attributed, that part of what was counted. */
  readonly poorest: number;
}

const COUNTED = ['sentBytes', 'receivedBytes'];
const ATTRIBUTED = ['sentAttributed', 'receivedAttributed'];
const MISSING = ['missingUncaptured', 'missingOverload', 'missingPaused', 'missingOther'];
/** What is read of each row of `nstat_pod`. */
export const COLUMNS = [...COUNTED, ...ATTRIBUTED, ...MISSING];

export function sumsOf(kernel: readonly KernelCount[], rows: ReadonlyMap<string, Row[]>): Sums {
  const of = ({ pod }: KernelCount, ...columns: string[]) =>
    (rows.get(pod) ?? []).reduce((sum, row) => sum + bytes(row, ...columns), 0);
  const total = (...columns: string[]) =>
    kernel.reduce((sum, count) => sum + of(count, ...columns), 0);
  const apart = kernel.flatMap((count) => [
    Math.abs(of(count, 'sentBytes') - count.sent),
    Math.abs(of(count, 'receivedBytes') - count.received),
  ]);
  const parts = kernel.map((count) => of(count, ...ATTRIBUTED) / of(count, ...COUNTED));
  return {
    pods: kernel.length,
    kernel: kernel.reduce((sum, { sent, received }) => sum + sent + received, 0),
    counted: total(...COUNTED),
    attributed: total(...ATTRIBUTED),
    uncaptured: total('missingUncaptured'),
    overload: total('missingOverload'),
    paused: total('missingPaused'),
    other: total('missingOther'),
    farthest: Math.max(0, ...apart),
    // Of nothing nothing is attributed.
    poorest: Math.min(1, ...parts.map((part) => part || 0)),
  };
}

/**
 * What a row has less of peers than the kernel counted, in each direction, is in its missing parts, and
 * no more is. All of these are whole numbers, so nothing is lost by rounding.
 */
export function imbalanceOf(row: Row): string[] {
  const missing = COUNTED.reduce((sum, counted, index) => {
    return sum + Math.max(0, bytes(row, counted) - bytes(row, ATTRIBUTED[index] ?? ''));
  }, 0);
  const parts = bytes(row, ...MISSING);
  return parts === missing ? [] : [`${nameOf(row)} at ${row.time}: ${parts} of ${missing} bytes`];
}
