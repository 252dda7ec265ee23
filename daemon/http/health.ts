import { type Condition, CONDITIONS, inWords } from '../../lib/conditions.ts';
import type { NodeCapture } from '../../lib/capture/node-capture.ts';
import type { Sink } from '../../lib/report/sink.ts';
import type { Sync } from '../../lib/kubernetes/sync.ts';
import type { Totals } from '../../lib/report/totals.ts';
import { capturesOf } from '../../lib/words.ts';

/** A window is closed some seconds after its end. After so many intervals without one the loop has stopped. */
const LATE = 3;
/** Milliseconds. An iftop that reports nothing for 8 s is ended, and so is one that does not start in 10 s. */
const IDLE = 60_000;

export interface HealthOptions {
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly registry: Pick<NodeCapture, 'figures' | 'heard' | 'stuckFor'>;
  readonly sync: Pick<Sync, 'complete' | 'reasons'>;
  readonly totals: Pick<Totals, 'windows'>;
  readonly sink: Pick<Sink, 'figures'>;
}

/** An answer to a probe: its reasons are sentences, good and bad. */
export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** What the probes are answered, by a clock that nobody sets. */
export class Health {
  readonly #options: HealthOptions;
  #closed = performance.now();
  #safe = false;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** A window has been closed. */
  windowClosed(): void {
    this.#closed = performance.now();
  }

  /**
   * Not alive: what a restart of the agent could mend. Windows are closed in time, some capture has answered if any runs,
   * and captures can be started. A pod whose capture fails is tried again by itself.
   */
  alive(): Verdict {
    const { interval, registry } = this.#options;
    const { figures } = registry;
    const now = performance.now();
    const closed = now - this.#closed;
    const idle = now - (registry.heard ?? now);
    const stuck = registry.stuckFor;
    const answered =
      figures.sessions > 0
        ? `a capture answered ${seconds(idle)} ago`
        : 'there is no capture to ask';
    return verdict([
      closed < LATE * interval + 10_000
        ? `last window closed ${seconds(closed)} ago`
        : [CONDITIONS.windowsLate, `last window closed ${seconds(closed)} ago`],
      capturesOf(figures.sessions, figures.podsReady),
      idle < IDLE ? answered : [CONDITIONS.capturesIdle, `for ${seconds(idle)}`],
      stuck < IDLE ? 'captures can be started' : [CONDITIONS.startsStuck, `for ${seconds(stuck)}`],
    ]);
  }

  /**
   * Ready: the pods of the node have been listed once, and all that names peers as far as the agent may, and the rows of a
   * window were written, or are on disk.
   */
  ready(): Verdict {
    const { sync, totals, sink } = this.#options;
    this.#safe ||= totals.windows > 0 && isKept(sink.figures);
    const first = this.#safe
      ? 'written, or on disk'
      : inWords(missing(totals.windows, sink.figures));
    return {
      ok: sync.complete && this.#safe,
      reasons: [...sync.reasons, `first window: ${first}`],
    };
  }
}

/** Rows were written or wait on disk; of rows that were refused nothing is left. */
function isKept({ inMemory, written, bytes }: Sink['figures']): boolean {
  return inMemory === 0 && (written > 0 || bytes > 0);
}

function missing(windows: number, { inMemory }: Sink['figures']): Condition {
  if (windows === 0) return CONDITIONS.windowPending;
  return inMemory > 0 ? CONDITIONS.windowInMemory : CONDITIONS.windowRefused;
}

/** What is good, in a sentence, or a condition with its details. */
type Reason = string | readonly [Condition, string];

function verdict(reasons: readonly Reason[]): Verdict {
  return {
    ok: reasons.every((reason) => typeof reason === 'string'),
    reasons: reasons.map((reason) => (typeof reason === 'string' ? reason : inWords(...reason))),
  };
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
