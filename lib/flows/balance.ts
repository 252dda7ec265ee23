import type { Amount, Bytes, Pair, Slot } from '../model.ts';
import { between } from '../netns/counters.ts';

const DIRECTIONS = ['sent', 'received'] as const;

/**
 * Gives every number of a slot its best value. iftop prints three digits, so the truth lies in an
 * interval, and the kernel's counters can tell where: if their sum for the same time is possible,
 * every number moves towards it within its own interval, and rounding does not add up. If it is
 * not, it counts other packets (up to a second's worth wait to be captured, or some were missed)
 * and the numbers stay as they were printed.
 */
export function settle(slot: Slot): { readonly pairs: readonly Pair[]; readonly rest: Bytes } {
  const kernel = slot.before && slot.after && between(slot.before, slot.after);
  const rows = [slot.rest, ...slot.flows];
  const shift = { sent: 0, received: 0 };
  for (const direction of DIRECTIONS) {
    const printed = sum(rows, (row) => row[direction].bytes);
    const slack = sum(rows, (row) => row[direction].slack);
    const apart = kernel && slack > 0 ? (kernel[direction] - printed) / slack : 0;
    if (Math.abs(apart) <= 1) shift[direction] = apart;
  }
  const bytes = (row: { sent: Amount; received: Amount }): Bytes => ({
    sent: best(row.sent, shift.sent),
    received: best(row.received, shift.received),
  });
  return {
    pairs: slot.flows.map((flow) => ({ local: flow.local, remote: flow.remote, ...bytes(flow) })),
    rest: bytes(slot.rest),
  };
}

/** The point of an amount's interval, from its lower end at -1 to its upper at 1. */
function best(amount: Amount, by: number): number {
  return Math.max(0, amount.bytes + by * amount.slack);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
