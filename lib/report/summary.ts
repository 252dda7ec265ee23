import { podsOf } from '../capture/identity.ts';
import type { Log, Traffic } from '../model.ts';
import { sum } from '../sum.ts';
import { bothDirections } from './both-directions.ts';
import type { Sink } from './sink.ts';

/** Time between two summaries, in milliseconds. */
const EVERY = 600_000;
const NOTHING = { windows: 0, rows: 0, bytes: 0, attributedBytes: 0 };

export interface SummaryOptions {
  readonly log: Log;
  readonly sink: Pick<Sink, 'figures'>;
}

/**
 * The log of windows: the first one, by which a new user sees that the agent works, then a summary every ten
 * minutes. Each window is logged for debugging.
 */
export class Summary {
  readonly #options: SummaryOptions;
  /** When a line was logged last; undefined before the first window. */
  #logged: number | undefined;
  /** What the windows since then add up to. */
  #sums = NOTHING;

  constructor(options: SummaryOptions) {
    this.#options = options;
  }

  /** Adds a window that ended at `end` (milliseconds since 1970) and became so many rows. */
  add(
    end: number,
    traffic: readonly Pick<Traffic, 'pod' | 'kernel' | 'attributed'>[],
    rows: number,
  ) {
    const { log, sink } = this.#options;
    const { windows, rows: before, bytes, attributedBytes } = this.#sums;
    this.#sums = {
      windows: windows + 1,
      rows: before + rows,
      bytes: bytes + sum(traffic, ({ kernel }) => (kernel ? bothDirections(kernel) : 0)),
      attributedBytes:
        attributedBytes + sum(traffic, ({ attributed }) => bothDirections(attributed)),
    };
    const now = performance.now();
    const of = { end: new Date(end), pods: podsOf(traffic) };
    if (this.#logged !== undefined && now - this.#logged < EVERY) {
      log.debug({ ...of, rows }, 'window closed');
      return;
    }
    const what = this.#logged === undefined ? 'window closed' : 'windows closed';
    log.info({ ...of, ...this.#sums, rowsWaiting: sink.figures.waiting }, what);
    [this.#logged, this.#sums] = [now, NOTHING];
  }
}
