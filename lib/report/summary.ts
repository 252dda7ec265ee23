import type { Log } from '../model.ts';
import type { Sink } from './reporter.ts';
import type { Totals } from './totals.ts';

/** A line so often is enough to see that all goes on, in milliseconds. */
const EVERY = 600_000;

export interface SummaryOptions {
  readonly log: Log;
  readonly totals: Pick<Totals, 'windows' | 'sums'>;
  readonly sink: Pick<Sink, 'figures'>;
}

/**
 * What the log says of windows when all is well: the first one, by which a new user sees that it works,
 * and then a summary every ten minutes. A line for each is for debugging.
 */
export class Summary {
  readonly #options: SummaryOptions;
  #rows = 0;
  /** When and what was said last; undefined before the first window. */
  #said:
    | { readonly at: number; readonly windows: number; readonly sums: Totals['sums'] }
    | undefined;

  constructor(options: SummaryOptions) {
    this.#options = options;
  }

  /** A window that ended at a moment (milliseconds since 1970) has been handed on. */
  add(end: number, pods: number, rows: number): void {
    const { log, totals, sink } = this.#options;
    const now = performance.now();
    this.#rows += rows;
    if (this.#said && now - this.#said.at < EVERY) {
      log.debug({ end: new Date(end), pods, rows }, 'window closed');
      return;
    }
    const { windows, sums } = totals;
    const before = this.#said ?? { windows: 0, sums: { kernel: 0, attributed: 0 } };
    const fields = {
      end: new Date(end),
      windows: windows - before.windows,
      pods,
      rows: this.#rows,
      bytes: sums.kernel - before.sums.kernel,
      attributedBytes: sums.attributed - before.sums.attributed,
      rowsWaiting: sink.figures.waiting,
    };
    log.info(fields, this.#said ? 'windows closed' : 'window closed');
    this.#said = { at: now, windows, sums };
    this.#rows = 0;
  }
}
