import type { Bytes, Counters, KernelBytes, Pair, Slot, Window } from '../model.ts';
import { between } from '../netns/counters.ts';
import { settle } from './balance.ts';

interface Draft {
  readonly start: number;
  /** Undefined for the window that is still running. */
  end: number | undefined;
  /** The counters when it ended. */
  counters: Counters | undefined;
  kernel: KernelBytes | undefined;
  readonly pairs: Map<string, Pair>;
  rest: Bytes;
}

const NOTHING: Bytes = { sent: 0, received: 0 };

/**
 * One pod's bytes, sorted into windows of the wall clock. Slots do not end where windows end, so
 * a slot that spans a boundary is divided there, each direction for itself and by the kernel's
 * counters: what they had counted by then and no earlier slot had brought belongs before it.
 */
export class Ledger {
  /** Oldest first; the last one is running. */
  readonly #drafts: Draft[];
  /** Where the kernel's count of the running window begins. */
  #counters: Counters | undefined;
  /** The latest that is known of the interface. */
  #latest: Counters | undefined;
  /** Counted by the kernel at the end of the last slot, but not in it: packets wait up to 1 s. */
  #lag = NOTHING;
  #last = 0;

  constructor(start: number) {
    this.#drafts = [draft(start)];
  }

  /** The interface has been found, with these counters: from here on the kernel's count is taken. */
  begin(counters: Counters | undefined): void {
    this.#counters ??= counters;
    this.#latest ??= counters;
  }

  /** Takes in what a source has reported. Every byte of it ends up in exactly one window. */
  add(slot: Slot): void {
    if (slot.from !== this.#last) this.#lag = NOTHING;
    this.#last = slot.to;
    this.begin(slot.before);
    this.#latest = slot.after ?? this.#latest;
    const { pairs, rest } = settle(slot, this.#lag);
    const total = pairs.reduce(plus, rest);
    let poured = NOTHING;
    for (const draft of this.#drafts) {
      const due = this.#due(slot, draft, total);
      const share = {
        sent: clamp(due.sent, poured.sent, 1) - poured.sent,
        received: clamp(due.received, poured.received, 1) - poured.received,
      };
      pour(draft, pairs, rest, share);
      poured = plus(poured, share);
    }
    if (slot.before && slot.after) {
      const kernel = between(slot.before, slot.after);
      this.#lag = {
        sent: clamp(this.#lag.sent + kernel.sent - total.sent, 0, kernel.sent),
        received: clamp(this.#lag.received + kernel.received - total.received, 0, kernel.received),
      };
    }
  }

  /** The clock passes the end of the running window: the next one begins. */
  turn(at: number, counters: Counters | undefined): void {
    const running = this.#drafts.at(-1);
    if (!running) return;
    running.end = at;
    running.counters = counters;
    const seen = counters ?? this.#latest;
    if (seen) running.kernel = between(this.#counters ?? seen, seen);
    this.#counters = seen;
    this.#latest = seen;
    this.#drafts.push(draft(at));
  }

  /** The oldest window, if it has ended. Slots that come now go to the one after it. */
  close(): Window | undefined {
    const [oldest] = this.#drafts;
    if (oldest?.end === undefined) return undefined;
    this.#drafts.shift();
    const { start, end, rest, kernel } = oldest;
    return { start, end, pairs: [...oldest.pairs.values()], rest, kernel };
  }

  /** Which share of a slot passed before a window's end, earlier windows' shares included. */
  #due(slot: Slot, draft: Draft, total: Bytes): Bytes {
    const { end } = draft;
    if (end === undefined || slot.to <= end) return { sent: 1, received: 1 };
    if (!slot.before || !draft.counters) {
      const share = (end - slot.from) / (slot.to - slot.from);
      return { sent: share, received: share };
    }
    // A slot that begins after the end can still bring what had waited then.
    const sign = slot.from <= end ? 1 : -1;
    const apart =
      sign > 0 ? between(slot.before, draft.counters) : between(draft.counters, slot.before);
    return {
      sent: (this.#lag.sent + sign * apart.sent) / Math.max(1, total.sent),
      received: (this.#lag.received + sign * apart.received) / Math.max(1, total.received),
    };
  }
}

function draft(start: number): Draft {
  return {
    start,
    end: undefined,
    counters: undefined,
    kernel: undefined,
    pairs: new Map(),
    rest: NOTHING,
  };
}

function pour(draft: Draft, pairs: readonly Pair[], rest: Bytes, share: Bytes): void {
  draft.rest = plus(draft.rest, times(rest, share));
  if (share.sent + share.received === 0) return;
  for (const pair of pairs) {
    const key = `${pair.local} ${pair.remote}`;
    const known = draft.pairs.get(key);
    const part = times(pair, share);
    draft.pairs.set(key, {
      local: pair.local,
      remote: pair.remote,
      from: Math.min(known?.from ?? pair.from, pair.from),
      to: Math.max(known?.to ?? pair.to, pair.to),
      ...(known ? plus(known, part) : part),
    });
  }
}

function plus(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}

function times(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent * b.sent, received: a.received * b.received };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
