import type { Row } from '../lab/influx.ts';
import type { KernelCount } from './counts.ts';
import { MISSING, missingOf, sum } from '../lab/rows.ts';
import { nameOf } from './rows.ts';

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
  /** The least part of its counted bytes that any pod has attributed. */
  readonly poorest: number;
}

const COUNTED = ['sentBytes', 'receivedBytes'];
const ATTRIBUTED = ['sentAttributed', 'receivedAttributed'];
/** What is read of each row of `nstat_pod`. */
export const COLUMNS = [...COUNTED, ...ATTRIBUTED, ...MISSING];

export function sumsOf(kernel: readonly KernelCount[], rows: ReadonlyMap<string, Row[]>): Sums {
  const of = ({ pod }: KernelCount, ...columns: string[]) => sum(rows.get(pod) ?? [], ...columns);
  const total = (...columns: string[]) =>
    kernel.reduce((all, count) => all + of(count, ...columns), 0);
  const apart = kernel.flatMap((count) => [
    Math.abs(of(count, 'sentBytes') - count.sent),
    Math.abs(of(count, 'receivedBytes') - count.received),
  ]);
  const parts = kernel.map((count) => of(count, ...ATTRIBUTED) / of(count, ...COUNTED));
  return {
    pods: kernel.length,
    kernel: kernel.reduce((all, { sent, received }) => all + sent + received, 0),
    counted: total(...COUNTED),
    attributed: total(...ATTRIBUTED),
    uncaptured: total('missingUncaptured'),
    overload: total('missingOverload'),
    paused: total('missingPaused'),
    other: total('missingOther'),
    farthest: Math.max(0, ...apart),
    // A pod without bytes has nothing attributed.
    poorest: Math.min(1, ...parts.map((part) => part || 0)),
  };
}

/** A row whose missing parts are not exactly what the kernel counted and no peer has. */
export function imbalanceOf(row: Row): string[] {
  const [parts, missing] = [sum([row], ...MISSING), missingOf(row)];
  return parts === missing ? [] : [`${nameOf(row)} at ${row.time}: ${parts} of ${missing} bytes`];
}
