import type { Amount, Bytes, Flow, Pair, Slot } from '../model.ts';
import { each, NOTHING } from '../bytes.ts';
import { between } from '../linux/interface-counters.ts';
import { sum } from '../sum.ts';

/** A slot as iftop printed it. */
export interface PrintedSlot extends Pick<Slot, 'from' | 'to' | 'before' | 'after'> {
  /** Its packets passed after this: some may have waited before `from` to be captured. */
  readonly since: number;
  readonly flows: readonly Flow[];
  /** What belongs to none of the flows. */
  readonly rest: { readonly sent: Amount; readonly received: Amount };
}

/** Refines the slots of one session, in their order. */
export class Rounding {
  #lag = NOTHING;
  #last = 0;

  slot(printed: PrintedSlot): Slot {
    const { from, to, before, after } = printed;
    // Nothing waited if the interface was at rest since the last slot.
    if (from !== this.#last) this.#lag = NOTHING;
    this.#last = to;
    const { pairs, rest } = refine(printed, this.#lag);
    if (before && after) this.#lag = this.#lagAfter(between(before, after), [rest, ...pairs]);
    return { from, to, pairs, rest, lag: this.#lag, before, after };
  }

  /** No more can wait at the end of a slot than was counted in it. */
  #lagAfter(kernel: Bytes, rows: readonly Bytes[]): Bytes {
    return each((direction) => {
      const seen = sum(rows, (row) => row[direction]);
      const waiting = this.#lag[direction] + kernel[direction] - seen;
      return Math.max(0, Math.min(kernel[direction], waiting));
    });
  }
}

/**
 * Gives every number of a slot its best value. iftop prints three digits, so the true value lies in an interval. If the sum
 * that the kernel counted is possible, every number is moved within its own interval so that the sum is exact, and rounding
 * errors do not add up. Two sums may be possible: what was counted during the slot plus what waited to be captured before
 * (`lag`), if nothing waits at the slot's end; or without `lag`, if as much waits again. If neither is possible, packets
 * were missed, or wait otherwise, and the numbers stay as printed.
 */
export function refine(
  slot: PrintedSlot,
  lag: Bytes = NOTHING,
): { readonly pairs: readonly Pair[]; readonly rest: Bytes } {
  const kernel = slot.before && slot.after && between(slot.before, slot.after);
  const rows = [slot.rest, ...slot.flows];
  const shift = each((direction) => {
    const printed = sum(rows, (row) => row[direction].bytes);
    const slack = sum(rows, (row) => row[direction].slack);
    if (!kernel || slack === 0) return 0;
    const sums = [kernel[direction] + lag[direction], kernel[direction]];
    const shifts = sums.map((bytes) => (bytes - printed) / slack);
    return shifts.find((by) => Math.abs(by) <= 1) ?? 0;
  });
  const bytes = (row: PrintedSlot['rest']) => each((of) => best(row[of], shift[of]));
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

/** A point of an amount's interval: -1 is the lower end, 1 the upper one. */
function best(amount: Amount, by: number): number {
  return Math.max(0, amount.bytes + by * amount.slack);
}
