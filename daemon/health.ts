import type { Observatory } from './observatory.ts';
import type { Sync } from './sync.ts';

/** A window is closed some seconds after its end; after this many intervals the loop has stopped. */
const LATE = 3;

export interface HealthOptions {
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly observatory: Pick<Observatory, 'figures'>;
  readonly sync: Pick<Sync, 'complete' | 'reasons'>;
}

/** An answer to a probe: its reasons are sentences, good and bad. */
export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** What the probes are told: the truth of what has happened so far. */
export class Health {
  readonly #options: HealthOptions;
  #closed = Date.now();

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** A window has been closed and its rows handed on. */
  windowClosed(): void {
    this.#closed = Date.now();
  }

  /** Alive: windows are closed in time. */
  alive(): Verdict {
    const { interval, observatory } = this.#options;
    const { podsSeen, sessions } = observatory.figures;
    const age = Date.now() - this.#closed;
    const windows = `last window closed ${Math.round(age / 1000)} s ago`;
    return {
      ok: age < LATE * interval + 10_000,
      reasons: [windows, `${sessions} captures run for ${podsSeen} pods`],
    };
  }

  /** Ready: everything that names peers has been listed once. */
  ready(): Verdict {
    const { complete, reasons } = this.#options.sync;
    return { ok: complete, reasons };
  }
}
