import type { Bytes, Counters, KernelBytes, Slot } from '../model.ts';
import { each, NOTHING, plus } from '../bytes.ts';
import { between, continued, isAfter, sum, UNUSED } from '../linux/interface-counters.ts';
import { addShare, openWindow, type OpenWindow } from './open-window.ts';
import { OpenWindows } from './open-windows.ts';
import { Miscount } from './miscount.ts';
import type { WindowLedger } from './window-ledger.ts';

/** Milliseconds that pass until it is noticed that a source cannot follow: a slot and a measurement. */
const UNNOTICED = 3000;

/**
 * The ledger of what iftop reports. Slots do not end where windows end, so a slot that spans the end of a window is divided
 * there, each direction for itself, by the kernel's counters: what they had counted by then, and no earlier slot had, belongs to the window before. Bytes that the counters do not have are divided
 * by time.
 */
export class Ledger implements WindowLedger {
  readonly windows: OpenWindows;
  /** The counters of the present interface at the start of the last window. */
  #counters: Counters | undefined;
  /** What interfaces that were replaced counted in the last window. */
  #replaced: KernelBytes | undefined;
  /** The latest reading. */
  #latest: Counters | undefined;
  /** What the kernel had counted by the end of the last slot and no slot has yet. */
  #lag = NOTHING;
  /** The end of the last slot. */
  #last = 0;
  /** While nothing captures: what was counted since this reading is in no slot. */
  #gap: Counters | undefined;
  /** The counters at the end of the last slot. */
  #reported: Counters | undefined;
  readonly #miscount = new Miscount();
  /** What was counted in the gap before the capture: its first slot may have some of it. */
  #ahead = NOTHING;
  #overloaded = false;
  #paused = false;

  constructor(start: number) {
    this.windows = new OpenWindows(this.#open(start));
  }

  begin(counters: Counters | undefined, isNew = false): void {
    this.windows.resume();
    if (this.#counters === undefined) this.#gap = isNew ? UNUSED : counters;
    this.#counters ??= isNew ? UNUSED : counters;
    this.observe(counters);
  }

  captured(counters: Counters | undefined): void {
    this.observe(counters);
    this.#ahead = this.#gap && counters ? between(this.#gap, counters) : NOTHING;
    this.#addGap(counters);
    this.#gap = undefined;
    this.#paused = false;
    this.#reported = counters;
    this.#counters ??= counters;
  }

  released(counters: Counters | undefined): void {
    this.#gap ??= this.#reported;
    this.#addLag();
    this.observe(counters);
    this.#addGap(this.#latest);
  }

  pause(): void {
    this.#paused = true;
    this.windows.running.paused ??= NOTHING;
  }

  observe(read: Counters | undefined): void {
    const last = this.#latest;
    const counters = read && continued(read, last);
    this.#latest = counters ?? last;
    if (!counters || !last || isAfter(counters, last)) return;
    this.#addGap(last);
    for (const window of this.windows.all) window.isPast = window.end !== undefined;
    if (this.#gap) this.#gap = UNUSED;
    this.#replaced = this.#count(last);
    this.#counters = UNUSED;
  }

  set overloaded(is: boolean) {
    this.#overloaded = is;
    if (!is) return;
    for (const window of this.windows.all) {
      if ((window.end ?? Infinity) > this.#last - UNNOTICED) window.overloaded = true;
    }
  }

  add(slot: Slot): void {
    if (slot.from !== this.#last) this.#lag = NOTHING;
    this.#last = slot.to;
    this.#counters ??= slot.before;
    this.observe(slot.after);
    this.#reported = slot.after ?? this.#reported;
    const { pairs, rest } = slot;
    const total = pairs.reduce(plus, rest);
    let added = NOTHING;
    for (const window of this.windows.all) {
      const until = this.#shareBefore(slot, window, total);
      const share = each((of) => clamp(until[of], added[of], 1) - added[of]);
      addShare(window, pairs, rest, share);
      added = plus(added, share);
    }
    if (slot.before && slot.after && isAfter(slot.after, slot.before))
      this.#judge(slot, total, between(slot.before, slot.after));
    this.#lag = slot.lag;
  }

  turn(at: number, counters: Counters | undefined, isLast = false): void {
    const { running } = this.windows;
    this.observe(counters);
    this.#addGap(counters);
    // The window's kernel bytes end where its slots are divided, even if the interface has gone.
    const latest = this.#latest;
    running.counters = latest;
    if (latest) running.kernel = this.#count(latest);
    this.#counters = latest;
    this.#replaced = undefined;
    this.windows.turn(at, this.#open(at), isLast);
  }

  #open(start: number): OpenWindow {
    return openWindow(start, {
      overloaded: this.#overloaded,
      paused: this.#paused ? NOTHING : undefined,
      miscounted: this.#miscount.directions,
    });
  }

  /** Judges by this slot whether the counters count all bytes, for all windows that are not closed. */
  #judge({ from, to }: Slot, seen: Bytes, kernel: Bytes): void {
    this.#miscount.add({ from, to, seen, counted: plus(kernel, this.#ahead), lag: this.#lag });
    this.#ahead = NOTHING;
    for (const window of this.windows.all)
      window.miscounted = each((of) => window.miscounted[of] || this.#miscount.directions[of]);
  }

  /** What the kernel has counted in the last window by this reading. */
  #count(counters: Counters): KernelBytes {
    const counted = between(this.#counters ?? counters, counters);
    return this.#replaced ? sum(this.#replaced, counted) : counted;
  }

  /** Adds what was counted while nothing captures to what is missing, each part in its window. */
  #addGap(counters: Counters | undefined): void {
    for (const window of this.windows.all) {
      if (window.isPast) continue;
      const until = window.end === undefined ? counters : window.counters;
      if (!until || !this.#gap || !isAfter(until, this.#gap)) continue;
      this.#addMissing(window, between(this.#gap, until));
      this.#gap = until;
    }
  }

  /** What waited to be captured at the end of the last slot is missing: the latest bytes before that. */
  #addLag(): void {
    let left = this.#lag;
    this.#lag = NOTHING;
    const newestFirst = this.windows.all.toReversed();
    for (const [at, window] of newestFirst.entries()) {
      const most = this.#reportedSince(newestFirst[at + 1]);
      const part = each((of) => Math.min(left[of], most[of]));
      this.#addMissing(window, part);
      left = each((of) => left[of] - part[of]);
    }
  }

  /** What the kernel counted from the end of a window to the end of the last slot. */
  #reportedSince(window: OpenWindow | undefined): Bytes {
    if (!window?.counters || window.isPast || !this.#reported)
      return { sent: Infinity, received: Infinity };
    return isAfter(this.#reported, window.counters)
      ? between(window.counters, this.#reported)
      : NOTHING;
  }

  #addMissing(window: OpenWindow, bytes: Bytes): void {
    if (this.#paused) window.paused = plus(window.paused ?? NOTHING, bytes);
    else window.uncaptured = plus(window.uncaptured, bytes);
  }

  /** The share of a slot that passed before a window's end, earlier windows' shares included. */
  #shareBefore(slot: Slot, window: OpenWindow, total: Bytes): Bytes {
    const { end } = window;
    if (end === undefined || slot.to <= end) return { sent: 1, received: 1 };
    const share = Math.max(0, (end - slot.from) / (slot.to - slot.from));
    const { before, after } = slot;
    const counters = window.counters;
    if (!before || !counters) return { sent: share, received: share };
    // The counters are read some milliseconds after a window's end, and after a frame: so they say which came first, not the
    // clock. A slot that begins after the end can still have packets that waited then.
    const isFirst = window.isPast ? slot.from <= end : isAfter(counters, before);
    const sign = isFirst ? 1 : -1;
    const apart = isFirst ? between(before, counters) : between(counters, before);
    const kernel = after && between(before, after);
    return each((direction) => {
      const lag = this.#lag[direction];
      // Bytes that the counters do not have passed evenly, as far as is known.
      const uncounted = kernel ? Math.max(0, total[direction] - lag - kernel[direction]) : 0;
      const counted = lag + sign * apart[direction];
      return (counted + uncounted * share) / Math.max(1, total[direction]);
    });
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
