import { sum } from '../sum.ts';
import type { Amount, Bytes, Pair, Slot } from '../model.ts';
import { between } from '../linux/interface-counters.ts';

const DIRECTIONS = ['sent', 'received'] as const;

const NOTHING: Bytes = { sent: 0, received: 0 };

/**
 * Gives every number of a slot its best value. iftop prints three digits, so the truth lies in an
 * interval, and the kernel's counters can tell where: if their sum is possible, every number moves
 * towards it within its own interval, and rounding does not add up. Two sums may be possible: what
 * was counted in the slot's time together with what had been waiting to be captured (`lag`), when
 * nothing waits at its end, and without it, when as much waits again. If neither is, packets were
 * missed or wait otherwise, and the numbers stay as they were printed.
 */
export function refine(
  slot: Slot,
  lag: Bytes = NOTHING,
): { readonly pairs: readonly Pair[]; readonly rest: Bytes } {
  const kernel = slot.before && slot.after && between(slot.before, slot.after);
  const rows = [slot.rest, ...slot.flows];
  const shift = { sent: 0, received: 0 };
  for (const direction of DIRECTIONS) {
    const printed = sum(rows, (row) => row[direction].bytes);
    const slack = sum(rows, (row) => row[direction].slack);
    if (!kernel || slack === 0) continue;
    const sums = [kernel[direction] + lag[direction], kernel[direction]];
    const apart = sums.map((bytes) => (bytes - printed) / slack);
    shift[direction] = apart.find((by) => Math.abs(by) <= 1) ?? 0;
  }
  const bytes = (row: { sent: Amount; received: Amount }): Bytes => ({
    sent: best(row.sent, shift.sent),
    received: best(row.received, shift.received),
  });
  return {
    pairs: slot.flows.map((flow) => ({
      local: flow.local,
      remote: flow.remote,
      from: slot.since,
      to: slot.to,
      ...bytes(flow),
    })),
    rest: bytes(slot.rest),
  };
}

/** The point of an amount's interval, from its lower end at -1 to its upper at 1. */
function best(amount: Amount, by: number): number {
  return Math.max(0, amount.bytes + by * amount.slack);
}
