import { CONDITIONS } from '../../conditions.ts';
import { sum } from '../../sum.ts';
import type { Log, ProblemLog } from '../../model.ts';
import { batchesOf, MOST } from '../batches.ts';
import { KeptWindows } from './kept-windows.ts';
import { LockError } from './lock.ts';
import { type Batch, encodeRecord } from './record.ts';
import { encodeWindow, type StoredWindow } from './stored-window.ts';
import { takeOver } from './take-over.ts';
import type { Place, Spool } from './spool.ts';

export interface UnsentRowsOptions {
  readonly directory: string;
  /** Bytes of files in the directory, at most. */
  readonly max: number;
  /** Bytes of rows that are held in memory when they cannot be on disk, at most. */
  readonly memory: number;
  readonly log: Log;
  readonly problems: ProblemLog;
  /** What to do when the directory takes no rows, for the log. */
  readonly fix?: (error: Error) => string;
}

/** A batch that InfluxDB has not taken: its rows are on disk, or else in memory. */
export type Waiting = Omit<Batch, 'payload'> & {
  readonly bytes: number;
  payload: Buffer | undefined;
  place: Place | undefined;
};

/** The subjects of problems with the disk. */
const [DISK, DAMAGE] = ['spool', 'spool damage'];

/**
 * The rows that InfluxDB has not taken yet, oldest first, and windows that are not rows yet. They are in
 * memory until they are on disk. While the disk does not take them they stay in memory, and each new
 * window is another attempt.
 */
export class UnsentRows {
  readonly #options: UnsentRowsOptions;
  #waiting = new Set<Waiting>();
  readonly #unstored = new Set<Waiting>();
  /** The batch that was added last, whose rows are in memory as they are sent: most likely they are sent next. */
  #newest: { readonly batch: Waiting; readonly text: string } | undefined;
  readonly #windows = new KeptWindows();
  #left: StoredWindow[] = [];
  #spool: Spool | undefined;
  #storing: Promise<void> | undefined;
  /** Something was added since the storing under way was begun. */
  #hasMore = false;
  #failure: Error | undefined;
  readonly #lost = { dropped: 0, windowsDropped: 0, damaged: 0 };
  #lastDropped = NaN;
  #onChange = () => {};

  constructor(options: UnsentRowsOptions) {
    this.#options = options;
  }

  /**
   * Rows lost by reason; bytes that wait, and the end of the oldest window in milliseconds; why the disk takes no rows;
   * rows that wait on disk (`kept`), in memory only, and both together.
   */
  get figures() {
    const [oldest] = this.#waiting;
    return {
      ...this.#lost,
      bytes: sum(this.#waiting, ({ bytes }) => bytes),
      oldest: oldest?.end,
      failure: this.#failure,
      kept: sum(this.#waiting, ({ place, rows }) => (place ? rows : 0)),
      inMemory: sum(this.#unstored, ({ rows }) => rows),
      waiting: sum(this.#waiting, ({ rows }) => rows),
    };
  }

  /** Opens the spool and takes over its content, without waiting; calls `onChange` when there is more to send. */
  open(onChange: () => void): void {
    this.#onChange = onChange;
    this.#store();
  }

  /** Keeps a window on disk until its rows are added, in place of an earlier state of it. */
  keep(window: StoredWindow): void {
    this.#windows.keep(window.end, encodeWindow(window));
    this.#store();
  }

  /** Whether a window is on disk and its rows are not. */
  keeps(end: number): boolean {
    return this.#spool?.windows.has(end) ?? false;
  }

  /** Windows that an earlier process kept; each is given out once. */
  takeLeft(): StoredWindow[] {
    return this.#left.splice(0);
  }

  /** Resolves when everything that was added is on disk, or could not be written. */
  async stored(): Promise<void> {
    while (this.#storing) await this.#storing;
  }

  async close(): Promise<void> {
    await this.stored();
    this.#spool?.[Symbol.dispose]();
    this.#spool = undefined;
  }

  /** Adds the rows of a window that ended at `end`, in batches of a bounded size. */
  add(lines: readonly string[], end: number): Waiting[] {
    const added = batchesOf(lines).map((part): Waiting => {
      const text = [...part, ''].join('\n');
      const payload = Buffer.from(text);
      const batch = { end, rows: part.length, bytes: payload.length, payload, place: undefined };
      this.#newest = { batch, text };
      return batch;
    });
    for (const batch of added) {
      this.#waiting.add(batch);
      this.#unstored.add(batch);
    }
    this.#windows.becameRows(end);
    let bytes = sum(this.#unstored, (batch) => batch.bytes);
    for (const batch of this.#unstored) {
      if (bytes <= this.#options.memory || this.#unstored.size === 1) break;
      bytes -= batch.bytes;
      this.#drop(batch);
    }
    this.#store();
    return added;
  }

  /** The oldest of the wanted batches, as many as go into one request. */
  oldest(isWanted: (batch: Waiting) => boolean): Waiting[] {
    const taken: Waiting[] = [];
    let [rows, bytes] = [0, 0];
    for (const batch of this.#waiting) {
      if (!this.isReady(batch) || !isWanted(batch)) continue;
      rows += batch.rows;
      bytes += batch.bytes;
      if (taken.length > 0 && (rows > MOST.rows || bytes > MOST.bytes)) break;
      taken.push(batch);
    }
    return taken;
  }

  /** Whether a batch still waits: it was neither taken nor dropped. */
  has(batch: Waiting): boolean {
    return this.#waiting.has(batch);
  }

  /** Whether a batch may be sent: its window is not on disk any more, from which it would be made again. */
  isReady({ end }: Waiting): boolean {
    return !this.#windows.has(end);
  }

  /**
   * The rows of a batch, with a line feed between two; undefined if it does not wait any more, or if they are damaged on
   * disk, which is counted.
   */
  async load(batch: Waiting): Promise<string | undefined> {
    if (!this.has(batch)) return undefined;
    const { problems } = this.#options;
    const text = this.#newest?.batch === batch ? this.#newest.text : await this.#read(batch);
    if (text !== undefined) {
      problems.resolve(DAMAGE);
      return text.slice(0, -1);
    }
    if (this.has(batch)) {
      const { rows } = batch;
      const total = (this.#lost.damaged += rows);
      problems.report(DAMAGE, CONDITIONS.rowsDamaged, { rows, total });
      await this.done(batch);
    }
    return undefined;
  }

  /** InfluxDB has taken or refused every row of the batch. */
  async done(batch: Waiting): Promise<void> {
    if (!this.#waiting.delete(batch)) return;
    this.#forget(batch);
    if (batch.place) await this.#spool?.release(batch.place);
  }

  async #read({ payload, place }: Waiting): Promise<string | undefined> {
    return (payload ?? (place && (await this.#spool?.read(place))))?.toString();
  }

  #drop(batch: Waiting): void {
    this.#waiting.delete(batch);
    this.#forget(batch);
    this.#lost.dropped += batch.rows;
    if (batch.end !== this.#lastDropped) this.#lost.windowsDropped += 1;
    this.#lastDropped = batch.end;
  }

  /** A reference to the batch must not keep its rows in memory. */
  #forget(batch: Waiting): void {
    this.#unstored.delete(batch);
    batch.payload = undefined;
    if (this.#newest?.batch === batch) this.#newest = undefined;
  }

  #store(): void {
    this.#hasMore = true;
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined;
    });
  }

  async #storeAll(): Promise<void> {
    while (this.#hasMore) {
      this.#hasMore = false;
      const failures: Error[] = [];
      const attempt = (job: () => Promise<void>) =>
        job().catch((error: Error) => void failures.push(error));
      await attempt(async () => void (this.#spool ??= await this.#openSpool()));
      const spool = this.#spool;
      if (spool) {
        for (const each of this.#windows.take())
          await attempt(() => this.#putWindow(spool, ...each));
        await attempt(async () => {
          for (const batch of this.#unstored) await this.#put(spool, batch);
        });
      }
      await attempt(() => this.#windows.release(spool?.windows));
      this.#reportFailure(failures[0]);
      this.#onChange();
    }
  }

  #reportFailure(failure: Error | undefined): void {
    this.#failure = failure;
    const { directory, problems, fix } = this.#options;
    if (!failure) return problems.resolve(DISK);
    const { spoolLocked, spoolUnusable } = CONDITIONS;
    const condition = failure instanceof LockError ? spoolLocked : spoolUnusable;
    const fields = { directory, error: failure.message, fix: fix?.(failure) };
    problems.report(DISK, condition, fields);
  }

  async #putWindow(spool: Spool, end: number, record: Buffer): Promise<void> {
    // No rows are dropped for a window that has no room anyway.
    if (spool.windows.hasRoom(end, record.length)) await this.#makeRoom(spool, record.length);
    await spool.windows.put(end, record);
  }

  async #makeRoom(spool: Spool, bytes: number): Promise<void> {
    const dropped = await spool.makeRoom(bytes);
    if (dropped.size === 0) return;
    for (const each of this.#waiting)
      if (each.place && dropped.has(each.place.segment)) this.#drop(each);
  }

  async #put(spool: Spool, batch: Waiting): Promise<void> {
    const { end, rows, payload } = batch;
    if (!payload) return;
    const record = encodeRecord({ end, rows, payload });
    await this.#makeRoom(spool, record.length);
    const place = await spool.append(record);
    // The batch may have been taken or dropped in the meantime.
    if (!this.#unstored.delete(batch)) return await spool.release(place);
    batch.place = place;
    batch.payload = undefined;
  }

  async #openSpool(): Promise<Spool> {
    const { directory, max, log } = this.#options;
    const { spool, rows, windows, lost } = await takeOver(directory, max);
    const found = rows.map(
      ({ end, rows, length, place }): Waiting => ({
        end,
        rows,
        bytes: length,
        payload: undefined,
        place,
      }),
    );
    this.#waiting = new Set([...found, ...this.#waiting]);
    this.#left = [...windows];
    for (const { end } of windows) this.#windows.keep(end);
    this.#lost.damaged += lost;
    const count = sum(found, (batch) => batch.rows);
    if (count > 0) log.info({ rows: count }, 'rows of an earlier process are on disk');
    if (windows.length > 0)
      log.info({ windows: windows.length }, 'windows of an earlier process are on disk');
    if (lost > 0) log.error({ rows: lost, directory }, 'rows on disk are damaged');
    return spool;
  }
}
