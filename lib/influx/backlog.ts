import type { Log, TroubleLog } from '../model.ts';
import { type Batch, encodeRecord } from './record.ts';
import { type Place, Spool } from './spool.ts';

export interface BacklogOptions {
  readonly directory: string;
  /** Bytes of files in the directory, at most. */
  readonly max: number;
  /** Bytes of rows that are held in memory when they cannot be on disk, at most. */
  readonly memory: number;
  readonly log: Log;
  readonly troubles: TroubleLog;
}

/** A batch that InfluxDB has not taken: its rows are on disk, or else in memory. */
export type Waiting = Omit<Batch, 'payload'> & {
  readonly bytes: number;
  payload: Buffer | undefined;
  place: Place | undefined;
};

/** What troubles with the disk are filed under. */
const [DISK, DAMAGE] = ['spool', 'spool damage'];
/** So much is sent in one request at most. */
const MOST = { rows: 5000, bytes: 1024 * 1024 };

/**
 * What InfluxDB has not taken yet, oldest first. Rows are in memory until they are on disk. While the
 * disk does not take them they stay there, and with each new window it is tried again.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  #waiting = new Set<Waiting>();
  readonly #unstored = new Set<Waiting>();
  #spool: Spool | undefined;
  #storing: Promise<void> | undefined;
  #degraded = false;
  readonly #lost = { dropped: 0, windowsDropped: 0, damaged: 0 };
  #lastDropped = NaN;
  #onFound = () => {};

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** Rows lost by reason, bytes that wait, the end of the oldest window, and what is where. */
  get figures() {
    const [oldest] = this.#waiting;
    return {
      ...this.#lost,
      bytes: sum(this.#waiting, ({ bytes }) => bytes),
      oldest: oldest?.end,
      degraded: this.#degraded,
      kept: sum(this.#waiting, ({ place, rows }) => (place ? rows : 0)),
      inMemory: sum(this.#unstored, ({ rows }) => rows),
      waiting: sum(this.#waiting, ({ rows }) => rows),
    };
  }

  /** Opens the spool and takes over what is in it, without waiting for it. */
  open(onFound: () => void): void {
    this.#onFound = onFound;
    this.#store();
  }

  /** Resolves when the disk has, or has not, taken all that was added. */
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
      const payload = Buffer.from(part.join(''));
      return { end, rows: part.length, bytes: payload.length, payload, place: undefined };
    });
    for (const batch of added) {
      this.#waiting.add(batch);
      this.#unstored.add(batch);
    }
    let bytes = sum(this.#unstored, (batch) => batch.bytes);
    for (const batch of this.#unstored) {
      if (bytes <= this.#options.memory || this.#unstored.size === 1) break;
      bytes -= batch.bytes;
      this.#drop(batch);
    }
    this.#store();
    return added;
  }

  /** The oldest batches that are not among `others`, as many as go into one request. */
  oldest(others: { has(batch: Waiting): boolean }): Waiting[] {
    const taken: Waiting[] = [];
    let [rows, bytes] = [0, 0];
    for (const batch of this.#waiting) {
      if (others.has(batch)) continue;
      rows += batch.rows;
      bytes += batch.bytes;
      if (taken.length > 0 && (rows > MOST.rows || bytes > MOST.bytes)) break;
      taken.push(batch);
    }
    return taken;
  }

  /** Not if it was taken, or dropped. */
  has(batch: Waiting): boolean {
    return this.#waiting.has(batch);
  }

  /** The rows of a batch; none if it waits no more, or the disk has damaged them, which is counted. */
  async load(batch: Waiting): Promise<string[]> {
    if (!this.has(batch)) return [];
    const { troubles } = this.#options;
    const payload = batch.payload ?? (batch.place && (await this.#spool?.read(batch.place)));
    if (payload) {
      troubles.over(DAMAGE);
      return payload.toString().trimEnd().split('\n');
    }
    if (this.has(batch)) {
      const { rows } = batch;
      const total = (this.#lost.damaged += rows);
      troubles.say(DAMAGE, 'rows are damaged on disk; they are lost', { rows, total });
      await this.done(batch);
    }
    return [];
  }

  /** InfluxDB has taken, or refused, what there was to take of it. */
  async done(batch: Waiting): Promise<void> {
    if (!this.#waiting.delete(batch)) return;
    this.#unstored.delete(batch);
    if (batch.place) await this.#spool?.release(batch.place);
  }

  #drop(batch: Waiting): void {
    this.#waiting.delete(batch);
    this.#unstored.delete(batch);
    // Whoever still knows the batch does not keep its rows.
    batch.payload = undefined;
    this.#lost.dropped += batch.rows;
    if (batch.end !== this.#lastDropped) this.#lost.windowsDropped += 1;
    this.#lastDropped = batch.end;
  }

  #store(): void {
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined;
    });
  }

  async #storeAll(): Promise<void> {
    const { directory, troubles } = this.#options;
    try {
      const spool = (this.#spool ??= await this.#openSpool());
      for (const batch of this.#unstored) await this.#put(spool, batch);
      troubles.over(DISK);
      this.#degraded = false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const what = 'rows that wait are in memory, for want of the disk';
      troubles.say(DISK, what, { directory, error: why });
      this.#degraded = true;
    }
  }

  async #put(spool: Spool, batch: Waiting): Promise<void> {
    const { end, rows, payload } = batch;
    if (!payload) return;
    const record = encodeRecord({ end, rows, payload });
    const dropped = await spool.makeRoom(record.length);
    if (dropped.size > 0)
      for (const each of this.#waiting)
        if (each.place && dropped.has(each.place.segment)) this.#drop(each);
    const place = await spool.append(record);
    // It may have been taken, or dropped, in the meantime.
    if (!this.#unstored.delete(batch)) return await spool.release(place);
    batch.place = place;
    batch.payload = undefined;
  }

  async #openSpool(): Promise<Spool> {
    const { directory, max, log } = this.#options;
    const { spool, records, damaged } = await Spool.open(directory, max);
    const found = records.map(
      ({ end, rows, length, place }): Waiting => ({
        end,
        rows,
        bytes: length,
        payload: undefined,
        place,
      }),
    );
    this.#waiting = new Set([...found, ...this.#waiting]);
    this.#lost.damaged += damaged;
    const rows = sum(found, (batch) => batch.rows);
    if (rows > 0) log.info({ rows }, 'rows of an earlier process are on disk');
    if (damaged > 0) log.error({ rows: damaged, directory }, 'rows on disk are damaged');
    this.#onFound();
    return spool;
  }
}

/** Lines that end with a line feed, in lists of a bounded size. */
function batchesOf(lines: readonly string[]): string[][] {
  const batches: string[][] = [];
  let [last, bytes]: [string[] | undefined, number] = [undefined, 0];
  for (const line of lines.map((text) => `${text}\n`)) {
    bytes += Buffer.byteLength(line);
    if (!last || last.length >= MOST.rows || bytes > MOST.bytes) {
      batches.push((last = []));
      bytes = Buffer.byteLength(line);
    }
    last.push(line);
  }
  return batches;
}

function sum<T>(items: Iterable<T>, value: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += value(item);
  return total;
}
