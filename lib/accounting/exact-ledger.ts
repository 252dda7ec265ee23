import type { Bytes, Counters, KernelBytes, Slot } from '../model.ts';
import { between, continued, isAfter, sum, UNUSED } from '../linux/interface-counters.ts';
import { each, plus } from '../bytes.ts';
import { sum as total } from '../sum.ts';
import { addShare, openWindow, type OpenWindow } from './open-window.ts';
import { OpenWindows } from './open-windows.ts';
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
  readonly windows: OpenWindows;
  /** The latest reading. */
  #latest: Counters | undefined;
  /** While nothing captures: what is counted beyond this is in no slot. */
  #gap: Counters | undefined;
  /** The end of the last slot of the capture that runs: what is counted beyond this is in no slot yet. */
  #reported: Counters | undefined;
  /** The interface has been replaced while the capture of the one before runs. */
  #isReplaced = false;
  readonly isDrained = true;
  isHeld = false;

  constructor(start: number) {
    this.windows = new OpenWindows(open(start));
  }

  begin(counters: Counters | undefined, isNew = false): void {
    this.windows.resume();
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
    if (this.isHeld) return;
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
    const { running: window } = this.windows;
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
    this.observe(counters);
    if (this.#latest) count(this.windows.running, between(this.#latest, this.#latest));
    this.windows.turn(at, open(at), isLast);
  }

  #addGap(counters: Counters | undefined): void {
    if (!this.#gap || !counters) return;
    // The last slot may have been a few packets ahead of the counters.
    if (!isAfter(counters, this.#gap)) return;
    const { running: window } = this.windows;
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
