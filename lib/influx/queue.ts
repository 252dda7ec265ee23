import type { TroubleLog } from '../model.ts';
import type { Backlog, Waiting } from './backlog.ts';
import { deliver, type Delivered } from './deliver.ts';
import { type Write, WriteError } from './write.ts';

export interface QueueOptions {
  readonly write: Write;
  readonly backlog: Backlog;
  /** How long rows wait, in milliseconds, so that not all agents write in the same instant. */
  readonly offset: number;
  readonly troubles: TroubleLog;
  /** What it means that InfluxDB does not take rows, and what to do, for the log. */
  readonly explain?: (error: unknown) => { readonly what: string; readonly fix: string };
}

/** What troubles with InfluxDB are filed under. */
const [INFLUXDB, REFUSALS] = ['InfluxDB', 'InfluxDB refusals'];
const BACKOFF = { first: 500, most: 30_000 };
/**
 * Between two requests of the backlog, in milliseconds: so long at least, and twice what the last
 * one took. An InfluxDB that was away gets everybody's backlog at once.
 */
const PACE = { least: 250, times: 2 };

/**
 * Brings rows to InfluxDB, one request at a time. A fresh window goes as soon as it is there, whatever
 * was before; what could not be delivered goes between them, oldest first, at a bounded rate. Writing
 * a row twice is harmless: its time and tags make it the same row.
 */
export class Queue {
  readonly #options: QueueOptions;
  /** When, by the monotonic clock, each batch that has not been tried yet may go. */
  readonly #fresh = new Map<Waiting, number>();
  readonly #counts = { written: 0, refused: 0, retries: 0 };
  #attempts = 0;
  /** When the backlog may go, and when anything at all, which InfluxDB says (Retry-After). */
  #notBefore = { backlog: 0, any: 0 };
  #wake: (() => void) | undefined;
  #closing = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** What was written, what was lost by reason, and what waits. */
  get figures() {
    return { ...this.#counts, ...this.#options.backlog.figures };
  }

  /** Rows of a window that ended at `end`, in milliseconds. */
  push(lines: readonly string[], end: number): void {
    const at = performance.now() + this.#options.offset;
    for (const batch of this.#options.backlog.add(lines, end)) this.#fresh.set(batch, at);
    this.#wake?.();
  }

  /** Delivers until `close` has been called and nothing is left, or `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    this.#options.backlog.open(() => this.#wake?.());
    while (!signal.aborted) {
      const turn = this.#turn();
      if (!turn && this.#closing) {
        await this.#options.backlog.stored();
        if (!this.#turn()) return;
        continue;
      }
      const delay = turn ? turn.at - performance.now() : Infinity;
      if (!turn || delay > 0) await this.#wait(delay);
      else await this.#send(turn.batches);
    }
  }

  /** Lets `run` end when all that waits has been delivered. */
  close(): void {
    this.#closing = true;
    this.#wake?.();
  }

  /** What is to be sent next, and when. */
  #turn(): { batches: readonly Waiting[]; at: number } | undefined {
    const { any, backlog } = this.#notBefore;
    const [first] = this.#fresh;
    const fresh = first && {
      batches: [first[0]],
      at: Math.max(any, this.#closing ? 0 : first[1]),
    };
    if (fresh && fresh.at <= performance.now()) return fresh;
    const batches = this.#options.backlog.oldest(this.#fresh);
    const old = batches.length > 0 ? { batches, at: Math.max(any, backlog) } : undefined;
    return fresh && old ? (fresh.at < old.at ? fresh : old) : (fresh ?? old);
  }

  async #send(batches: readonly Waiting[]): Promise<void> {
    const { write, backlog, troubles } = this.#options;
    const from = performance.now();
    for (const batch of batches) this.#fresh.delete(batch);
    const lines = (await Promise.all(batches.map((batch) => backlog.load(batch)))).flat();
    // All of it was dropped or damaged.
    if (lines.length === 0) return;
    let delivered: Delivered;
    try {
      delivered = await deliver(write, lines);
    } catch (error) {
      this.#failed(error);
      return;
    }
    const { refused, refusal } = delivered;
    // What was dropped while it was sent has been counted already.
    const kept = batches.filter((batch) => backlog.has(batch));
    const rows = kept.reduce((sum, batch) => sum + batch.rows, 0);
    this.#counts.written += Math.max(0, rows - refused);
    this.#counts.refused += Math.min(rows, refused);
    troubles.over(INFLUXDB);
    this.#attempts = 0;
    if (refusal) {
      const fields = { rows: refused, total: this.#counts.refused, ...refusal };
      troubles.say(REFUSALS, 'InfluxDB refuses a row; it is lost', fields);
    } else troubles.over(REFUSALS);
    await Promise.all(kept.map((batch) => backlog.done(batch)));
    const now = performance.now();
    this.#notBefore.backlog = now + Math.max(PACE.least, PACE.times * (now - from));
  }

  /** All that was fresh is backlog now, so that of a time without InfluxDB the oldest go first. */
  #failed(error: unknown): void {
    const { troubles, explain } = this.#options;
    const { what = String(error), fix } = explain?.(error) ?? {};
    troubles.say(INFLUXDB, 'InfluxDB does not take rows; they are kept', { error: what, fix });
    this.#fresh.clear();
    this.#counts.retries += 1;
    const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** this.#attempts++);
    const now = performance.now();
    this.#notBefore.backlog = now + backoff * (0.5 + Math.random());
    const told = error instanceof WriteError ? error.retryAfter : undefined;
    if (told !== undefined) this.#notBefore.any = now + told;
  }

  async #wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : undefined;
    await promise;
    clearTimeout(timer);
  }
}
