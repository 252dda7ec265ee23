/** CPU seconds that were spent until a moment (in seconds): in all, and by what is no capture. */
interface Sum {
  readonly at: number;
  readonly total: number;
  readonly own: number;
}

/** Seconds: no stretch of time that is so long, or longer, is to hold more than the budget. */
export const WINDOW = 40;
/** What was spent too much longer ago (seconds) need not be saved again. */
const REMEMBERED = 120;
/** Seconds of the budget that a stretch may hold above it: of windows that follow each other one has room sooner. */
const TOLERANCE = 4;

/** What was spent of a budget, which is a share of a core, and what may be. */
export class CpuUsageWindow {
  readonly #budget: number;
  /** The oldest first. What was before is taken to have been as much as may be. */
  #sums: readonly Sum[];

  constructor(budget: number, now: number) {
    this.#budget = budget;
    this.#sums = [
      { at: now, total: 0, own: 0 },
      { at: now, total: budget * TOLERANCE, own: 0 },
    ];
  }

  /** CPU seconds that were spent since it was told last. */
  add(now: number, total: number, own: number): void {
    const last = this.#last;
    this.#sums = [
      ...this.#sums.filter(({ at }) => now - at <= REMEMBERED),
      { at: now, total: last.total + total, own: last.own + own },
    ];
  }

  /** CPU seconds that all may spend in so many seconds from now. */
  room(seconds: number): number {
    const { at: now, total: spent } = this.#last;
    const rooms = this.#sums.flatMap(({ at, total }, index) => {
      const stretch = now + seconds - at;
      const isWindow = index === 0 || stretch >= WINDOW;
      return isWindow ? this.#budget * (stretch + TOLERANCE) - (spent - total) : [];
    });
    return Math.min(...rooms);
  }

  /** The share that what is no capture took over a window. */
  get own(): number {
    const last = this.#last;
    const first = this.#sums.findLast(({ at }) => last.at - at >= WINDOW) ?? this.#sums[0] ?? last;
    return (last.own - first.own) / Math.max(WINDOW / 4, last.at - first.at);
  }

  get #last(): Sum {
    return this.#sums.at(-1) ?? { at: 0, total: 0, own: 0 };
  }
}
