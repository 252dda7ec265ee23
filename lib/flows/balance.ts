import type { Amount, Bytes, Pair, Slot } from '../model.ts';
import { between } from '../netns/counters.ts';

const DIRECTIONS = ['sent', 'received'] as const;

/**
 * Gives every number of a slot its best value. iftop prints three digits, so the truth lies in an
 * interval; the kernel counted the same bytes exactly, if up to a second apart. Each number moves
 * towards the kernel's sum as far as its own interval allows and no further: rounding does not
 * add up, and what iftop has not seen stays missing.
 */
export function settle(slot: Slot): { readonly pairs: readonly Pair[]; readonly rest: Bytes } {
  const kernel = slot.before && slot.after && between(slot.before, slot.after);
  const rows = [slot.rest, ...slot.flows];
  const shift = { sent: 0, received: 0 };
  for (const direction of DIRECTIONS) {
    const printed = sum(rows, (row) => row[direction].bytes);
    const slack = sum(rows, (row) => row[direction].slack);
    if (kernel && slack > 0) {
      shift[direction] = Math.max(-1, Math.min(1, (kernel[direction] - printed) / slack));
    }
  }
  const best = (amount: Amount, by: number) => Math.max(0, amount.bytes + by * amount.slack);
  const bytes = (row: { sent: Amount; received: Amount }): Bytes => ({
    sent: best(row.sent, shift.sent),
    received: best(row.received, shift.received),
  });
  return {
    pairs: slot.flows.map((flow) => ({ local: flow.local, remote: flow.remote, ...bytes(flow) })),
    rest: bytes(slot.rest),
  };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
