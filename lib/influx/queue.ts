import { backoff, jittered } from '../backoff.ts';
import { CONDITIONS } from '../conditions.ts';
import { errorOf } from '../error-of.ts';
import type { ProblemLog } from '../model.ts';
import { sum } from '../sum.ts';
import { Waker } from '../waker.ts';
import type { UnsentRows, Waiting } from './spool/unsent-rows.ts';
import { deliver, type Delivered } from './delivery.ts';
import { Suspects } from './suspects.ts';
import { mayBeStarting, type Write, WriteError } from './writer.ts';

export interface QueueOptions {
  readonly write: Write;
  readonly unsent: UnsentRows;
  /** Milliseconds that rows wait, so that not all agents write in the same instant. */
  readonly offset: number;
  readonly problems: ProblemLog;
  /** Why InfluxDB does not take rows, and what to do, for the log. */
  readonly explain?: (error: unknown) => { readonly what: string; readonly fix: string };
}

/** The subjects of problems with InfluxDB. */
const [INFLUXDB, REFUSALS, ASIDE] = ['InfluxDB', 'InfluxDB refusals', 'InfluxDB set aside'];
/** Milliseconds after the agent's start in which InfluxDB may be starting too. */
const STARTING = 60_000;
const BACKOFF = { first: 500, most: 30_000 };
/**
 * Milliseconds between two requests with older rows: at least so many, and twice what the last request
 * took. An InfluxDB that was away gets the older rows of all agents at once.
 */
const PACE = { least: 250, times: 2 };

/** The batches to send next, and when, by the monotonic clock. */
interface Turn {
  readonly batches: readonly Waiting[];
  readonly at: number;
}

/**
 * Sends rows to InfluxDB, one request at a time. The rows of a new window go at once, whatever waits;
 * older rows go between them, oldest first, at a bounded rate; rows that InfluxDB does not take while it
 * takes others go last. Writing a row twice is harmless: its time and tags make it the same row.
 */
export class Queue {
  /** The rows and windows that wait. */
  readonly unsent: UnsentRows;
  readonly #options: QueueOptions;
  /** When each batch that has not been tried yet may be sent, by the monotonic clock. */
  readonly #fresh = new Map<Waiting, number>();
  readonly #counts = { written: 0, refused: 0, retries: 0 };
  readonly #suspects = new Suspects();
  /** A row that InfluxDB has taken: sent again, it shows whether InfluxDB takes any. */
  #taken: string | undefined;
  readonly #began = performance.now();
  #attempts = 0;
  /** When older rows may be sent, and when any rows, by InfluxDB's Retry-After. */
  #notBefore = { older: 0, any: 0 };
  readonly #waker = new Waker();
  #closing = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.unsent = options.unsent;
  }

  /** Rows written, rows lost by reason, and rows that wait. */
  get figures() {
    return { ...this.#counts, ...this.unsent.figures };
  }

  /** Rows of a window that ended at `end`, in milliseconds. */
  push(lines: readonly string[], end: number): void {
    const at = performance.now() + this.#options.offset;
    for (const batch of this.unsent.add(lines, end)) this.#fresh.set(batch, at);
    this.#waker.wake();
  }

  /** Sends until `close` has been called and nothing is left, or `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#waker.wake(), { once: true });
    this.unsent.open(() => this.#waker.wake());
    while (!signal.aborted) {
      const turn = this.#turn();
      if (!turn && this.#closing) {
        await this.unsent.stored();
        if (!this.#turn()) return;
        continue;
      }
      const delay = turn ? turn.at - performance.now() : Infinity;
      if (!turn || delay > 0) await this.#waker.wait(delay);
      else await this.#send(turn.batches);
    }
  }

  /** Lets `run` end when all rows have been delivered. */
  close(): void {
    this.#closing = true;
    this.#waker.wake();
  }

  /** The next batches, and when. */
  #turn(): Turn | undefined {
    const fresh = this.#freshTurn();
    if (fresh && fresh.at <= performance.now()) return fresh;
    const old = this.#olderTurn();
    return fresh && old ? (fresh.at < old.at ? fresh : old) : (fresh ?? old);
  }

  #freshTurn(): Turn | undefined {
    const first = [...this.#fresh].find(([batch]) => this.unsent.isReady(batch));
    if (!first) return undefined;
    const [batch, at] = first;
    return { batches: [batch], at: Math.max(this.#notBefore.any, this.#closing ? 0 : at) };
  }

  #olderTurn(): Turn | undefined {
    const { unsent } = this;
    const at = Math.max(this.#notBefore.any, this.#notBefore.older);
    const suspects = this.#suspects;
    const isInLine = (batch: Waiting) => !this.#fresh.has(batch) && !suspects.isAside(batch);
    const [first] = unsent.oldest(isInLine);
    if (!first) {
      const aside = suspects.next();
      return aside && { batches: [aside.batch], at: Math.max(at, aside.at) };
    }
    if (!suspects.isDoubted(first)) {
      const isClear = (batch: Waiting) => isInLine(batch) && !suspects.isDoubted(batch);
      return { batches: unsent.oldest(isClear), at };
    }
    // While InfluxDB has taken nothing yet, other batches are tried: if one is taken, this one is to blame.
    const failures = suspects.failuresOf(first);
    const isLess = (batch: Waiting) => isInLine(batch) && suspects.failuresOf(batch) < failures;
    const [other] = this.#taken === undefined ? unsent.oldest(isLess) : [];
    return { batches: [other ?? first], at };
  }

  async #send(batches: readonly Waiting[], write = this.#writeByTurns()): Promise<void> {
    const { unsent } = this;
    const { problems } = this.#options;
    const from = performance.now();
    for (const batch of batches) this.#fresh.delete(batch);
    const loaded = await Promise.all(batches.map((batch) => unsent.load(batch)));
    const rows = loaded.filter((each) => each !== undefined).join('\n');
    // All rows were dropped or damaged.
    if (rows === '') return this.#suspects.forget(batches);
    let delivered: Delivered;
    try {
      delivered = await this.#deliver(batches, rows, write);
    } catch (error) {
      this.#suspects.failed(batches);
      this.#suspects.prune((batch) => unsent.has(batch));
      this.#failed(error);
      return;
    }
    problems.resolve(INFLUXDB);
    this.#attempts = 0;
    const { refused, refusal, left } = delivered;
    if (left) this.#setAside(batches, rows, left);
    else await this.#done(batches, refused, refusal);
    if (!left && refused === 0) this.#taken = firstOf(rows);
    const now = performance.now();
    this.#notBefore.older = now + Math.max(PACE.least, PACE.times * (now - from));
  }

  /**
   * The search for the rows that are to blame may take thousands of requests: a new window waits for one of
   * them at most. The requests of such a window are not interrupted.
   */
  #writeByTurns(): Write {
    let isFirst = true;
    return async (rows) => {
      const fresh = isFirst ? undefined : this.#freshTurn();
      isFirst = false;
      const { write } = this.#options;
      if (fresh && fresh.at <= performance.now()) await this.#send(fresh.batches, write);
      await write(rows);
    };
  }

  /** @throws WriteError when all has to be tried again later */
  async #deliver(batches: readonly Waiting[], rows: string, write: Write): Promise<Delivered> {
    const [batch] = batches;
    const row = this.#taken;
    if (!batch || batches.length > 1 || !this.#suspects.isDoubted(batch) || row === undefined)
      return deliver(write, rows);
    try {
      await write(row);
    } catch (error) {
      this.#suspects.acquit();
      throw error;
    }
    const takesOthers = () =>
      write(row).then(
        () => true,
        () => false,
      );
    return deliver(write, rows, { takesOthers, depth: this.#suspects.depthOf(batch) });
  }

  async #done(
    batches: readonly Waiting[],
    refused: number,
    refusal: Delivered['refusal'],
  ): Promise<void> {
    const { unsent } = this;
    const { problems } = this.#options;
    // A batch that was dropped while it was sent has been counted already.
    const kept = batches.filter((batch) => unsent.has(batch));
    const rows = sum(kept, (batch) => batch.rows);
    this.#counts.written += Math.max(0, rows - refused);
    this.#counts.refused += Math.min(rows, refused);
    if (refusal) {
      const fields = { rows: refused, total: this.#counts.refused, ...refusal };
      problems.report(REFUSALS, CONDITIONS.rowsRefused, fields);
    } else problems.resolve(REFUSALS);
    this.#suspects.forget(batches);
    if (!this.#suspects.next()) problems.resolve(ASIDE);
    await Promise.all(kept.map((batch) => unsent.done(batch)));
  }

  #setAside(batches: readonly Waiting[], rows: string, error: Error): void {
    const fields = { rows: rows.split('\n').length, error: error.message };
    this.#options.problems.report(ASIDE, CONDITIONS.rowsSetAside, fields);
    for (const batch of batches) this.#suspects.setAside(batch, performance.now());
  }

  /** All batches count as older now, so that after a time without InfluxDB the oldest go first. */
  #failed(error: unknown): void {
    this.#report(errorOf(error));
    this.#fresh.clear();
    this.#counts.retries += 1;
    const now = performance.now();
    this.#notBefore.older = now + jittered(backoff(BACKOFF, this.#attempts++));
    const pause = error instanceof WriteError ? error.retryAfter : undefined;
    if (pause !== undefined) this.#notBefore.any = now + pause;
  }

  /** An InfluxDB that starts with the agent, and does not answer yet, is no fault of the configuration. */
  #report(error: Error): void {
    const { problems, explain } = this.#options;
    const isFirst = this.#taken === undefined && mayBeStarting(error);
    const isYoung = performance.now() - this.#began < STARTING;
    const { what = error.message, fix } = explain?.(error) ?? {};
    // Another sentence, since the same one would be logged again after an hour only.
    const condition = isFirst && !isYoung ? CONDITIONS.influxNever : CONDITIONS.influxAway;
    const wait = 'nothing, if InfluxDB is just starting';
    problems.report(INFLUXDB, condition, { error: what, fix: isFirst && isYoung ? wait : fix });
  }
}

/** The first row, as text of its own: a part of the text would keep all of it in memory. */
function firstOf(rows: string): string {
  return Buffer.from(rows.split('\n', 1)[0] ?? '').toString();
}
