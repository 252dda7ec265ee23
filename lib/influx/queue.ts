import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../model.ts';
import { type Write, WriteError } from './write.ts';

export interface QueueOptions {
  readonly write: Write;
  /** Bytes of rows that are kept while InfluxDB does not take them. */
  readonly capacity: number;
  readonly log: Log;
}

/** A batch of rows that belong to the same window. */
interface Batch {
  readonly lines: readonly string[];
  readonly bytes: number;
}

const BACKOFF = { first: 500, most: 30_000 };
const BATCH_LINES = 5000;
/** The row itself is refused, not the moment or the sender: sending it again cannot help. */
const REFUSED = new Set([400, 422]);
const TOO_LARGE = 413;

/**
 * What InfluxDB has not taken yet, in memory: batches leave in order and only when they have been
 * taken. When it is full the oldest are dropped and counted. Writing a row twice is harmless: its
 * time and tags make it the same row.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #batches: Batch[] = [];
  #bytes = 0;
  #written = 0;
  #lost = { overflow: 0, refused: 0 };
  #wake: (() => void) | undefined;
  #closing = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Rows written, rows lost by reason, and bytes that wait. */
  get figures(): { written: number; overflow: number; refused: number; bytes: number } {
    return { written: this.#written, ...this.#lost, bytes: this.#bytes };
  }

  push(lines: readonly string[]): void {
    for (let at = 0; at < lines.length; at += BATCH_LINES) {
      const part = lines.slice(at, at + BATCH_LINES);
      const bytes = part.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      this.#batches.push({ lines: part, bytes });
      this.#bytes += bytes;
    }
    // The first one may be on its way, so it is not the one to drop.
    while (this.#bytes > this.#options.capacity && this.#batches.length > 1) {
      const [dropped] = this.#batches.splice(1, 1);
      if (!dropped) break;
      this.#bytes -= dropped.bytes;
      this.#lost.overflow += dropped.lines.length;
    }
    this.#wake?.();
  }

  /** Delivers until `close` has been called and nothing is left, or `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let attempts = 0;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    while (!signal.aborted) {
      const batch = this.#batches[0];
      if (!batch) {
        if (this.#closing) return;
        await this.#wait();
        continue;
      }
      try {
        await this.#deliver(batch.lines);
        this.#batches.shift();
        this.#bytes -= batch.bytes;
        if (attempts > 0) this.#options.log.info({ attempts }, 'InfluxDB takes rows again');
        attempts = 0;
      } catch (error) {
        if (attempts === 0) {
          this.#options.log.warn(
            { error: message(error) },
            'InfluxDB does not take rows; they are kept',
          );
        }
        const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** attempts++);
        await sleep(backoff * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Lets `run` end when all that waits has been delivered. */
  close(): void {
    this.#closing = true;
    this.#wake?.();
  }

  /** Halves what is refused until the row that is to blame stands alone. */
  async #deliver(lines: readonly string[]): Promise<void> {
    try {
      await this.#options.write(lines);
      this.#written += lines.length;
    } catch (error) {
      const status = error instanceof WriteError ? error.status : undefined;
      if (status === undefined || !(REFUSED.has(status) || status === TOO_LARGE)) throw error;
      const [row] = lines;
      if (lines.length === 1) {
        this.#lost.refused += 1;
        this.#options.log.error(
          { row, error: message(error) },
          'InfluxDB refuses a row; it is lost',
        );
        return;
      }
      const half = Math.ceil(lines.length / 2);
      await this.#deliver(lines.slice(0, half));
      await this.#deliver(lines.slice(half));
    }
  }

  async #wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
