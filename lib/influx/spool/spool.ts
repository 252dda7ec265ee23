import { open, type FileHandle, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from '../../sum.ts';
import { lock } from './lock.ts';
import { readBytes } from './read-file.ts';
import { type Found, payloadOf, scan } from './record.ts';
import { SyncedDirectory } from './synced-directory.ts';
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

interface SpoolOptions {
  readonly directory: SyncedDirectory;
  /** Bytes that the files may have together. */
  readonly max: number;
  readonly lock: Disposable;
}

/** Segments in the order of their numbers, which may grow beyond the first number of digits. */
const NAME = /^\d{12,15}\.rows$/;
const numberOf = ({ name }: { readonly name: string }) => Number.parseInt(name, 10);
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
  readonly #options: SpoolOptions;
  readonly #segments: Segment[];
  #next: number;
  #active: { readonly segment: Segment; readonly file: FileHandle } | undefined;

  private constructor(options: SpoolOptions, segments: Segment[], next: number) {
    this.#options = options;
    this.windows = new WindowFiles(options.directory, options.max * WINDOWS);
    this.#segments = segments;
    this.#next = next;
  }

  /**
   * Locks the directory, which is made if it does not exist, and reads its content.
   * @param max bytes that the files may have together
   * @throws when the directory cannot be made or read, or another process has it
   */
  static async open(path: string, max: number): Promise<Leftovers & { spool: Spool }> {
    const directory = new SyncedDirectory(path);
    await directory.make();
    const held = lock(join(path, 'lock'));
    try {
      const entries = (await readdir(path, { withFileTypes: true }))
        .filter(({ name }) => NAME.test(name))
        .sort((a, b) => numberOf(a) - numberOf(b));
      const segments: Segment[] = [];
      const records: Leftovers['records'][number][] = [];
      let damaged = 0;
      for (const { name } of entries.filter((entry) => entry.isFile())) {
        const file = join(path, name);
        const bytes = await readBytes(file, 0, LARGEST);
        const scanned = scan(bytes);
        damaged += scanned.damaged;
        const segment = { path: file, bytes: bytes.length, waiting: scanned.found.length };
        if (segment.waiting === 0) await unlink(file);
        else segments.push(segment);
        for (const found of scanned.found) records.push({ ...found, place: { ...found, segment } });
      }
      const next = Math.max(0, ...entries.map(numberOf)) + 1;
      const spool = new Spool({ directory, max, lock: held }, segments, next);
      return { spool, records, damaged, windows: await spool.windows.read() };
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
      await file.writeFile(record);
      await file.datasync();
    } catch (error) {
      this.#active = undefined;
      await file.truncate(offset).catch(() => {});
      await file.close().catch(() => {});
      await this.release({ segment, offset, length: record.length });
      throw error;
    }
    segment.bytes += record.length;
    if (segment.bytes >= Math.min(SEGMENT_MOST, this.#options.max / SEGMENTS)) await this.#seal();
    return { segment, offset, length: record.length };
  }

  /** The payload of a record, or undefined if it is damaged. */
  async read({ segment, offset, length }: Place): Promise<Buffer | undefined> {
    try {
      const record = await readBytes(segment.path, offset, length);
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
    for (let [oldest] = this.#segments; oldest && used() + bytes > this.#options.max; ) {
      await this.#remove(oldest);
      dropped.add(oldest);
      [oldest] = this.#segments;
    }
    return dropped;
  }

  [Symbol.dispose](): void {
    void this.#active?.file.close().catch(() => {});
    void this.#options.directory[Symbol.asyncDispose]().catch(() => {});
    this.#options.lock[Symbol.dispose]();
  }

  async #begin() {
    const { directory } = this.#options;
    await directory.make();
    const name = `${this.#next++}`.padStart(12, '0');
    const path = join(directory.path, `${name}.rows`);
    const file = await open(path, 'wx', 0o600);
    try {
      // The name of the file has to survive a power cut, too.
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
    await unlink(segment.path).catch(() => {});
  }
}
