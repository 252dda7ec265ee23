import { type Condition, CONDITIONS, inWords } from '../../lib/conditions.ts';
import type { NodeCapture } from '../../lib/capture/node-capture.ts';
import type { Sink } from '../../lib/report/sink.ts';
import type { Sync } from '../../lib/kubernetes/sync.ts';
import type { Totals } from '../../lib/report/totals.ts';
import { capturesOf } from '../../lib/words.ts';

/** After so many intervals, and ten seconds, in which no window has been closed the loop has stopped. */
const LATE = 3;
/** Milliseconds. An iftop that reports nothing for 8 s is ended, and so is one that does not start in 10 s. */
const IDLE = 60_000;

export interface HealthOptions {
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly capture: Pick<NodeCapture, 'figures' | 'heard' | 'stuckFor'>;
  readonly sync: Pick<Sync, 'complete' | 'reasons'>;
  readonly totals: Pick<Totals, 'windows'>;
  readonly sink: Pick<Sink, 'figures'>;
}

/** An answer to a probe: its reasons are sentences, good and bad. */
export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** The answers to the probes. Times are of the monotonic clock, which nobody sets. */
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
   * The agent is alive if windows are closed in time, a capture has answered if any runs, and captures can be started: a
   * restart could mend all three. A capture that fails does not count, since it is started again anyway.
   */
  alive(): Verdict {
    const { interval, capture } = this.#options;
    const { figures } = capture;
    const now = performance.now();
    const closed = now - this.#closed;
    const idle = now - (capture.heard ?? now);
    const stuck = capture.stuckFor;
    const answered =
      figures.captures > 0
        ? `a capture answered ${seconds(idle)} ago`
        : 'there is no capture to ask';
    return verdict([
      closed < LATE * interval + 10_000
        ? `last window closed ${seconds(closed)} ago`
        : [CONDITIONS.windowsLate, `last window closed ${seconds(closed)} ago`],
      capturesOf(figures.captures, figures.podsReady),
      idle < IDLE ? answered : [CONDITIONS.capturesIdle, `for ${seconds(idle)}`],
      stuck < IDLE ? 'captures can be started' : [CONDITIONS.startsStuck, `for ${seconds(stuck)}`],
    ]);
  }

  /**
   * The agent is ready when the pods of the node, and all resources that it may list, have been listed once, and the rows
   * of one window were written or are on disk.
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

/** Whether rows were written or wait on disk. Rows that InfluxDB refused do neither. */
function isKept({ inMemory, written, bytes }: Sink['figures']): boolean {
  return inMemory === 0 && (written > 0 || bytes > 0);
}

function missing(windows: number, { inMemory }: Sink['figures']): Condition {
  if (windows === 0) return CONDITIONS.windowPending;
  return inMemory > 0 ? CONDITIONS.windowInMemory : CONDITIONS.windowRefused;
}

/** A sentence about what is good, or a condition with its details. */
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
