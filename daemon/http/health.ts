import type { NodeCapture } from '../../lib/capture/node-capture.ts';
import type { Sink } from '../../lib/report/sink.ts';
import type { Sync } from '../../lib/kubernetes/sync.ts';
import type { Totals } from '../../lib/report/totals.ts';
import { capturesOf } from '../../lib/words.ts';

/** A window is closed some seconds after its end; after this many intervals the loop has stopped. */
const LATE = 3;
/** An iftop that says nothing for eight seconds is ended, and so is one that does not start in ten. */
const SILENT = 60_000;

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

/** What the probes are told: the truth of what has happened so far, whatever the wall clock is set to. */
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
   * Alive: what a new start could mend. Windows are closed in time, some iftop is heard of if any
   * runs, and captures can be started. What one pod suffers is seen to by its own capture.
   */
  alive(): Verdict {
    const { interval, registry } = this.#options;
    const { figures } = registry;
    const now = performance.now();
    const closed = now - this.#closed;
    const silent = now - (registry.heard ?? now);
    const stuck = registry.stuckFor;
    return verdict([
      [closed < LATE * interval + 10_000, `last window closed ${seconds(closed)} ago`],
      [true, capturesOf(figures.sessions, figures.podsReady)],
      silent < SILENT
        ? [
            true,
            figures.sessions > 0
              ? `iftop answered ${seconds(silent)} ago`
              : 'there is no iftop to ask',
          ]
        : [false, `no iftop has answered for ${seconds(silent)}`],
      stuck < SILENT
        ? [true, 'captures can be started']
        : [false, `captures wait to be started, and none was for ${seconds(stuck)}`],
    ]);
  }

  /**
   * Ready: the pods of the node have been listed once, and all that names peers as far as we may, and
   * the rows of a window were written, or are on disk.
   */
  ready(): Verdict {
    const { sync, totals, sink } = this.#options;
    this.#safe ||= totals.windows > 0 && isKept(sink.figures);
    const first = this.#safe ? 'written, or on disk' : missing(totals.windows, sink.figures);
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

function missing(windows: number, { inMemory }: Sink['figures']): string {
  if (windows === 0) return 'not over yet, or not named';
  return inMemory > 0
    ? 'in memory only; neither InfluxDB nor the disk has taken it yet'
    : 'InfluxDB has taken none of its rows, and none is on disk; the log says why';
}

type Reason = [good: boolean, sentence: string];

function verdict(reasons: readonly Reason[]): Verdict {
  return {
    ok: reasons.every(([good]) => good),
    reasons: reasons.map(([, sentence]) => sentence),
  };
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
