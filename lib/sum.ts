import type { Bytes } from './model.ts';

/** The sum of a value of each item. */
export function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}

/** Bytes of both directions together. */
export function bothDirections({ sent, received }: Bytes): number {
  return sent + received;
}
