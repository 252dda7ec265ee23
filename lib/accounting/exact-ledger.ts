import type { Bytes, Counters, KernelBytes, Slot, Window } from '../model.ts';
import { between, continued, isAfter, sum, UNUSED } from '../linux/interface-counters.ts';
import { each, plus } from '../bytes.ts';
import { sum as total } from '../sum.ts';
import { addShare, openWindow, type OpenWindow, windowOf } from './open-window.ts';
import type { WindowLedger } from './window-ledger.ts';

const WHOLE: Bytes = { sent: 1, received: 1 };

/**
 * The bytes of one interface of a pod, from a source whose slots are exact and never span the end of a window, so that
 * nothing is divided. A window's kernel bytes are the sum of two parts that do not overlap: what its slots say that passed
 * (`before` to `after`), and what the interface counted while nothing captured. So in each window kernel and uncounted bytes
 * are the attributed and the missing ones, although the interface's counters and the source are never read at the same
 * instant.
 */
export class ExactLedger implements WindowLedger {
  /** The oldest first; the last one has not ended. */
  readonly #windows: OpenWindow[];
  /** The latest reading. */
  #latest: Counters | undefined;
  /** While nothing captures: what is counted beyond this is in no slot. */
  #gap: Counters | undefined;
  /** The end of the last slot of the capture that runs: what is counted beyond this is in no slot yet. */
  #reported: Counters | undefined;
  /** The interface has been replaced while the capture of the one before runs. */
  #isReplaced = false;
  #hasEnded = false;

  constructor(start: number) {
    this.#windows = [open(start)];
  }

  begin(counters: Counters | undefined, isNew = false): void {
    this.#hasEnded = false;
    if (this.#latest === undefined) this.#gap = isNew ? UNUSED : counters;
    this.observe(counters);
  }

  captured(counters: Counters | undefined): void {
    this.observe(counters);
    [this.#gap, this.#reported, this.#isReplaced] = [undefined, counters, false];
  }

  released(counters: Counters | undefined): void {
    this.#gap ??= this.#isReplaced ? UNUSED : this.#reported;
    this.#addGap(this.#latest);
    this.observe(counters);
  }

  observe(read: Counters | undefined): void {
    const last = this.#latest;
    const counters = read && continued(read, last);
    this.#latest = counters ?? last;
    if (counters && last && !isAfter(counters, last)) {
      // Another interface. The last slot of the one before may still come.
      this.#isReplaced = true;
      if (this.#gap) this.#gap = UNUSED;
    }
    this.#addGap(counters);
  }

  add({ pairs, rest, before, after }: Slot): void {
    const window = this.#windows.at(-1);
    if (!window) return;
    addShare(window, pairs, rest, WHOLE);
    this.#reported = after ?? this.#reported;
    if (!before || !after) return;
    const kernel = between(before, after);
    const seen = each((of) => rest[of] + total(pairs, (pair) => pair[of]));
    const { miscounted } = window;
    window.miscounted = each((of) => miscounted[of] || seen[of] > kernel[of]);
    count(window, kernel);
  }

  turn(at: number, counters: Counters | undefined, isLast = false): void {
    const running = this.#windows.at(-1);
    if (!running) return;
    this.#hasEnded = isLast;
    this.observe(counters);
    if (this.#latest) count(running, between(this.#latest, this.#latest));
    running.end = at;
    this.#windows.push(open(at));
  }

  get isFinished(): boolean {
    return this.#hasEnded && this.#windows.length === 1;
  }

  ended(at: number): Window | undefined {
    const window = this.#windows.find(({ end }) => end === at);
    return window && windowOf(window, at);
  }

  close(at = Infinity): Window | undefined {
    const [oldest] = this.#windows;
    if (oldest?.end === undefined || oldest.end > at) return undefined;
    this.#windows.shift();
    return windowOf(oldest, oldest.end);
  }

  #addGap(counters: Counters | undefined): void {
    const window = this.#windows.at(-1);
    if (!window || !this.#gap || !counters) return;
    // The last slot may have been a few packets ahead of the counters.
    if (!isAfter(counters, this.#gap)) return;
    const passed = between(this.#gap, counters);
    window.uncaptured = plus(window.uncaptured, passed);
    count(window, passed);
    this.#gap = counters;
  }
}

function open(start: number): OpenWindow {
  const miscounted = { sent: false, received: false };
  return openWindow(start, { overloaded: false, paused: undefined, miscounted });
}

function count(window: OpenWindow, passed: KernelBytes): void {
  window.kernel = window.kernel ? sum(window.kernel, passed) : passed;
}
