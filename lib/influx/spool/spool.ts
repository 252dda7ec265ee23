import { mkdir, open, type FileHandle, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from '../../sum.ts';
import { lock } from './lock.ts';
import { readAtMost } from './read-file.ts';
import { type Found, payloadOf, scan } from './record.ts';
import { WindowFiles } from './window-files.ts';

/** A file of records, removed when none of them waits any more. */
export interface Segment {
  readonly path: string;
  bytes: number;
  /** Records in the segment that are still needed, including one that is being written. */
  waiting: number;
}

/** Where a record is. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

/** The spool of an earlier process: the whole records in order, and the number of rows in damaged ones. */
interface Leftovers {
  readonly records: readonly (Found & { readonly place: Place })[];
  readonly damaged: number;
  /** Windows that were not rows yet, by their ends, oldest first. */
  readonly windows: ReadonlyMap<number, Buffer>;
}

/** Segments in the order of their numbers, which may grow beyond the first number of digits. */
const NAME = /^\d{12,15}\.rows$/;
const numberOf = (name: string) => Number.parseInt(name, 10);
const SEGMENT_MOST = 8 * 1024 * 1024;
/** The least number of segments within the bound: a whole segment is dropped at once. */
const SEGMENTS = 16;
/** The part of the bound for windows that are not rows yet. */
const WINDOWS = 1 / 2;
/** A segment ends with the record that fills it; a longer file was written by another program. */
const LARGEST = 2 * SEGMENT_MOST;

/**
 * Records on disk, in files that are only ever appended to. There is no mark on records
 * that InfluxDB has taken: after a crash those in a file with one that still waits are written to
 * InfluxDB once more, which changes nothing. One process has the directory at a time.
 */
export class Spool implements Disposable {
  readonly windows: WindowFiles;
  readonly #directory: string;
  readonly #max: number;
  readonly #lock: Disposable;
  readonly #segments: Segment[];
  #next: number;
  #active: { readonly segment: Segment; readonly file: FileHandle } | undefined;

  private constructor(
    at: { directory: string; max: number; next: number; lock: Disposable; windows: WindowFiles },
    segments: Segment[],
  ) {
    this.windows = at.windows;
    this.#directory = at.directory;
    this.#max = at.max;
    this.#next = at.next;
    this.#lock = at.lock;
    this.#segments = segments;
  }

  /**
   * Locks the directory, which is made if it does not exist, and reads its content.
   * @param max bytes that the files may have together
   * @throws when the directory cannot be made or read, or another process has it
   */
  static async open(directory: string, max: number): Promise<Leftovers & { spool: Spool }> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const held = lock(join(directory, 'lock'));
    try {
      const entries = (await readdir(directory, { withFileTypes: true })).filter(({ name }) =>
        NAME.test(name),
      );
      const numbers = entries.map(({ name }) => numberOf(name));
      const names = entries
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => name)
        .sort((a, b) => numberOf(a) - numberOf(b));
      const segments: Segment[] = [];
      const records: Leftovers['records'][number][] = [];
      let damaged = 0;
      for (const path of names.map((name) => join(directory, name))) {
        const bytes = await readAtMost(path, LARGEST);
        const scanned = scan(bytes);
        damaged += scanned.damaged;
        const segment = { path, bytes: bytes.length, waiting: scanned.found.length };
        if (segment.waiting === 0) await rm(path, { force: true });
        else segments.push(segment);
        for (const found of scanned.found) records.push({ ...found, place: { ...found, segment } });
      }
      const files = new WindowFiles(directory, max * WINDOWS);
      const windows = await files.read();
      const next = Math.max(0, ...numbers) + 1;
      const spool = new Spool({ directory, max, next, lock: held, windows: files }, segments);
      return { spool, records, damaged, windows };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Writes a record to the disk itself. Not to be called again before the promise has settled.
   * @throws when the record could not be written: then no part of it is on disk
   */
  async append(record: Buffer): Promise<Place> {
    const { segment, file } = (this.#active ??= await this.#begin());
    const offset = segment.bytes;
    segment.waiting += 1;
    try {
      await writeAll(file, record, offset);
      await file.datasync();
    } catch (error) {
      this.#active = undefined;
      await file.truncate(offset).catch(() => {});
      await file.close().catch(() => {});
      await this.release({ segment, offset, length: record.length });
      throw error;
    }
    segment.bytes += record.length;
    if (segment.bytes >= Math.min(SEGMENT_MOST, this.#max / SEGMENTS)) await this.#seal();
    return { segment, offset, length: record.length };
  }

  /** The payload of a record, or undefined if it is damaged. */
  async read({ segment, offset, length }: Place): Promise<Buffer | undefined> {
    try {
      await using file = await open(segment.path, 'r');
      const record = Buffer.alloc(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(record, done, length - done, offset + done);
        if (bytesRead === 0) return undefined;
        done += bytesRead;
      }
      return scan(record).found[0]?.length === length ? payloadOf(record) : undefined;
    } catch {
      return undefined;
    }
  }

  /** A record is not needed any more. */
  async release({ segment }: Place): Promise<void> {
    segment.waiting -= 1;
    if (segment.waiting <= 0) await this.#remove(segment);
  }

  /** Removes the oldest segments until there is room for so many bytes; returns them. */
  async makeRoom(bytes: number): Promise<ReadonlySet<Segment>> {
    const dropped = new Set<Segment>();
    const used = () => this.windows.bytes + sum(this.#segments, (segment) => segment.bytes);
    for (let [oldest] = this.#segments; oldest && used() + bytes > this.#max; ) {
      await this.#remove(oldest);
      dropped.add(oldest);
      [oldest] = this.#segments;
    }
    return dropped;
  }

  [Symbol.dispose](): void {
    void this.#active?.file.close().catch(() => {});
    this.#lock[Symbol.dispose]();
  }

  async #begin() {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const name = `${this.#next++}`.padStart(12, '0');
    const path = join(this.#directory, `${name}.rows`);
    const file = await open(path, 'wx', 0o600);
    try {
      // The name of the file has to survive a power cut, too.
      await using directory = await open(this.#directory, 'r');
      await directory.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    const segment: Segment = { path, bytes: 0, waiting: 0 };
    this.#segments.push(segment);
    return { segment, file };
  }

  async #seal(): Promise<void> {
    const file = this.#active?.file;
    this.#active = undefined;
    await file?.close();
  }

  async #remove(segment: Segment): Promise<void> {
    const index = this.#segments.indexOf(segment);
    if (index < 0) return;
    this.#segments.splice(index, 1);
    if (this.#active?.segment === segment) await this.#seal();
    // On a read-only disk the segment stays; a later process writes its rows again.
    await rm(segment.path, { force: true }).catch(() => {});
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done;
    const { bytesWritten } = await file.write(bytes, done, left, offset + done);
    done += bytesWritten;
  }
}
