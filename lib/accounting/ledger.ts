import type { Bytes, Counters, KernelBytes, Slot, Window } from '../model.ts';
import { between, isAfter, sum, UNUSED } from '../linux/interface-counters.ts';
import { refine } from './rounding.ts';
import { openWindow, type OpenWindow, either, NOTHING, plus, addShare } from './open-window.ts';
import { Miscount } from './miscount.ts';

/** A source falls behind so long (milliseconds) before that can be told: a slot and a measurement. */
const UNNOTICED = 3000;

/**
 * The bytes of one interface of a pod, sorted into windows of the wall clock. Slots do not end where windows end, so
 * a slot that spans a boundary is divided there, each direction for itself and by the kernel's
 * counters: what they had counted by then and no earlier slot had brought belongs before it. What
 * they have not counted at all is divided by time.
 */
export class Ledger {
  /** Oldest first; the last one is running. */
  readonly #windows: OpenWindow[];
  /** Where the kernel's count of the running window begins, on the interface that is there now. */
  #counters: Counters | undefined;
  /** Counted in the running window by interfaces that have been replaced since. */
  #replaced: KernelBytes | undefined;
  /** The latest that is known of the interface. */
  #latest: Counters | undefined;
  /** Counted by the kernel at the end of the last slot, but not in it: packets wait up to 1 s. */
  #lag = NOTHING;
  #last = 0;
  /** Nothing captures; what has been counted since these counters is in no slot. */
  #gap: Counters | undefined;
  /** The counters up to which slots have come. */
  #reported: Counters | undefined;
  readonly #miscount = new Miscount();
  /** Counted before the capture began: its first slot may have some of it. */
  #ahead = NOTHING;
  #overloaded = false;
  #paused = false;
  #hasEnded = false;

  constructor(start: number) {
    this.#windows = [this.#open(start)];
  }

  /**
   * The interface has been found, with these counters: from here on the kernel's count is taken, or
   * from its very beginning if the interface is a new one.
   */
  begin(counters: Counters | undefined, isNew = false): void {
    this.#hasEnded = false;
    if (this.#counters === undefined) this.#gap = isNew ? UNUSED : counters;
    this.#counters ??= isNew ? UNUSED : counters;
    this.observe(counters);
  }

  /** A capture runs from here on: what was counted since the last one is in none. */
  captured(counters: Counters | undefined): void {
    this.observe(counters);
    this.#ahead = this.#gap && counters ? between(this.#gap, counters) : NOTHING;
    this.#lose(counters);
    this.#gap = undefined;
    this.#paused = false;
    this.#reported = counters;
    this.#counters ??= counters;
  }

  /** The capture has ended: what was counted since its last slot is lost with it. */
  released(counters: Counters | undefined): void {
    this.#gap ??= this.#reported;
    this.#loseLag();
    this.observe(counters);
    this.#lose(this.#latest);
  }

  /** What nothing captures from its end on until the next begins is so because it was paused. */
  pause(): void {
    this.#paused = true;
    const running = this.#windows.at(-1);
    if (running) running.paused ??= NOTHING;
  }

  /**
   * What the counters say in between, since the interface may vanish before they are read again. If they have
   * gone back it is another one, which has counted from nothing.
   */
  observe(counters: Counters | undefined): void {
    const last = this.#latest;
    this.#latest = counters ?? last;
    if (!counters || !last || isAfter(counters, last)) return;
    this.#lose(last);
    for (const window of this.#windows) window.isPast = window.end !== undefined;
    if (this.#gap) this.#gap = UNUSED;
    this.#replaced = this.#count(last);
    this.#counters = UNUSED;
  }

  /** What is missing since just before the last slot is so because the source cannot follow. */
  set overloaded(is: boolean) {
    this.#overloaded = is;
    if (!is) return;
    for (const window of this.#windows) {
      if ((window.end ?? Infinity) > this.#last - UNNOTICED) window.overloaded = true;
    }
  }

  /** Takes in what a source has reported. Every byte of it ends up in exactly one window. */
  add(slot: Slot): void {
    if (slot.from !== this.#last) this.#lag = NOTHING;
    this.#last = slot.to;
    this.#counters ??= slot.before;
    this.observe(slot.after);
    this.#reported = slot.after ?? this.#reported;
    const { pairs, rest } = refine(slot, this.#lag);
    const total = pairs.reduce(plus, rest);
    let added = NOTHING;
    for (const window of this.#windows) {
      const due = this.#due(slot, window, total);
      const share = {
        sent: clamp(due.sent, added.sent, 1) - added.sent,
        received: clamp(due.received, added.received, 1) - added.received,
      };
      addShare(window, pairs, rest, share);
      added = plus(added, share);
    }
    if (slot.before && slot.after) {
      const kernel = between(slot.before, slot.after);
      if (isAfter(slot.after, slot.before)) this.#judge(slot, total, kernel);
      this.#lag = {
        sent: clamp(this.#lag.sent + kernel.sent - total.sent, 0, kernel.sent),
        received: clamp(this.#lag.received + kernel.received - total.received, 0, kernel.received),
      };
    }
  }

  /** The clock passes the end of the running window: the next one begins. `isLast`: nothing will be put into that. */
  turn(at: number, counters: Counters | undefined, isLast = false): void {
    const running = this.#windows.at(-1);
    if (!running) return;
    this.#hasEnded = isLast;
    this.observe(counters);
    this.#lose(counters);
    running.end = at;
    // The window's kernel bytes end where its slots are divided, also when the interface has gone.
    const seen = this.#latest;
    running.counters = seen;
    if (seen) running.kernel = this.#count(seen);
    this.#counters = seen;
    this.#replaced = undefined;
    this.#windows.push(this.#open(at));
  }

  /** The last window of the interface has ended, and all are closed. */
  get isFinished(): boolean {
    return this.#hasEnded && this.#windows.length === 1;
  }

  /** The window that ended at a moment as it is by now: what spans its end has not come yet. */
  ended(at: number): Window | undefined {
    const window = this.#windows.find(({ end }) => end === at);
    return window && windowOf(window, at);
  }

  /** The oldest window, if it has ended, and not after `at`. Slots that come now go to the one after it. */
  close(at = Infinity): Window | undefined {
    const [oldest] = this.#windows;
    if (oldest?.end === undefined || oldest.end > at) return undefined;
    this.#windows.shift();
    return windowOf(oldest, oldest.end);
  }

  #open(start: number): OpenWindow {
    return openWindow(start, {
      overloaded: this.#overloaded,
      paused: this.#paused,
      miscounted: this.#miscount.directions,
    });
  }

  /** Do the counters count? What they did in this slot speaks for all windows that are still here. */
  #judge({ from, to }: Slot, seen: Bytes, kernel: Bytes): void {
    this.#miscount.add({ from, to, seen, counted: plus(kernel, this.#ahead), lag: this.#lag });
    this.#ahead = NOTHING;
    for (const window of this.#windows)
      window.miscounted = either(window.miscounted, this.#miscount.directions);
  }

  /** What the kernel has counted in the running window up to here. */
  #count(counters: Counters): KernelBytes {
    const counted = between(this.#counters ?? counters, counters);
    return this.#replaced ? sum(this.#replaced, counted) : counted;
  }

  /** While nothing captures: what has been counted up to here is missing, each window its part. */
  #lose(counters: Counters | undefined): void {
    for (const window of this.#windows) {
      if (window.isPast) continue;
      const until = window.end === undefined ? counters : window.counters;
      if (!until || !this.#gap || !isAfter(until, this.#gap)) continue;
      this.#miss(window, between(this.#gap, until));
      this.#gap = until;
    }
  }

  /** What had waited to be captured at the end of the last slot is in no other: the latest bytes before it. */
  #loseLag(): void {
    let left = this.#lag;
    this.#lag = NOTHING;
    for (let at = this.#windows.length - 1; at >= 0; at -= 1) {
      const window = this.#windows[at];
      const most = this.#reportedSince(this.#windows[at - 1]);
      const part = {
        sent: Math.min(left.sent, most.sent),
        received: Math.min(left.received, most.received),
      };
      if (window) this.#miss(window, part);
      left = { sent: left.sent - part.sent, received: left.received - part.received };
    }
  }

  /** What the kernel had counted from the end of a window to that of the last slot. */
  #reportedSince(window: OpenWindow | undefined): Bytes {
    if (!window?.counters || window.isPast || !this.#reported)
      return { sent: Infinity, received: Infinity };
    return isAfter(this.#reported, window.counters)
      ? between(window.counters, this.#reported)
      : NOTHING;
  }

  #miss(window: OpenWindow, bytes: Bytes): void {
    if (this.#paused) window.paused = plus(window.paused ?? NOTHING, bytes);
    else window.uncaptured = plus(window.uncaptured, bytes);
  }

  /** Which share of a slot passed before a window's end, earlier windows' shares included. */
  #due(slot: Slot, window: OpenWindow, total: Bytes): Bytes {
    const { end } = window;
    if (end === undefined || slot.to <= end) return { sent: 1, received: 1 };
    const share = Math.max(0, (end - slot.from) / (slot.to - slot.from));
    const { before, after } = slot;
    const counters = window.counters;
    if (!before || !counters) return { sent: share, received: share };
    // A slot that begins after the end can still bring what had waited then.
    const sign = slot.from <= end ? 1 : -1;
    const apart = sign > 0 ? between(before, counters) : between(counters, before);
    const kernel = after && between(before, after);
    const due = (direction: keyof Bytes) => {
      const lag = this.#lag[direction];
      // What the counters do not have they cannot divide: it passed evenly, for all that is known.
      const uncounted = kernel ? Math.max(0, total[direction] - lag - kernel[direction]) : 0;
      const counted = lag + sign * apart[direction];
      return (counted + uncounted * share) / Math.max(1, total[direction]);
    };
    return { sent: due('sent'), received: due('received') };
  }
}

function windowOf(window: OpenWindow, end: number): Window {
  const { counters: _, isPast: __, pairs, ...rest } = window;
  return { ...rest, end, pairs: [...pairs.values()] };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
