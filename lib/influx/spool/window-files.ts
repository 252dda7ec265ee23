import { sum } from '../../sum.ts';
import { open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readBytes } from './read-file.ts';
import type { SyncedDirectory } from './synced-directory.ts';

/** A file's name: the window's end in milliseconds since 1970. A file that was not written to its end has an extension. */
const NAME = /^(\d{1,15})\.window(\.new)?$/;
/** Bytes of a window at most: 250 pods with a thousand pairs each make half of it. */
const LARGEST = 64 * 1024 * 1024;

/** A window stays in memory, since its file would have too many bytes, by itself or with the other ones. */
export class WindowSizeError extends Error {
  readonly code = 'ERR_WINDOW_SIZE';

  constructor(isAlone: boolean) {
    super(
      isAlone
        ? `a window has more than ${LARGEST / 1024 / 1024} MiB`
        : 'windows that wait for names have more than half of SPOOL_MAX',
    );
  }
}

/** Windows that are not rows yet, a file each, in a directory of this process only. */
export class WindowFiles {
  readonly #directory: SyncedDirectory;
  readonly #max: number;
  readonly #sizes = new Map<number, number>();

  /** @param max bytes of all files together */
  constructor(directory: SyncedDirectory, max: number) {
    this.#directory = directory;
    this.#max = max;
  }

  get bytes(): number {
    return sum(this.#sizes.values(), (size) => size);
  }

  /** The windows of an earlier process, oldest first. */
  async read(): Promise<ReadonlyMap<number, Buffer>> {
    const left = new Map<number, Buffer>();
    const entries = await readdir(this.#directory.path, { withFileTypes: true });
    for (const { name } of entries.filter((entry) => entry.isFile())) {
      const [, end, unfinished] = NAME.exec(name) ?? [];
      if (end === undefined) continue;
      const path = join(this.#directory.path, name);
      if (unfinished) await rm(path, { force: true }).catch(() => {});
      else if (this.#path(Number(end)) === path)
        left.set(Number(end), await readBytes(path, 0, LARGEST));
    }
    for (const [end, { length }] of left) this.#sizes.set(end, length);
    return new Map([...left].sort(([a], [b]) => a - b));
  }

  /** Whether a window may have so many bytes. */
  hasRoom(end: number, bytes: number): boolean {
    return bytes <= LARGEST && this.bytes - (this.#sizes.get(end) ?? 0) + bytes <= this.#max;
  }

  has(end: number): boolean {
    return this.#sizes.has(end);
  }

  /**
   * Writes a window to the disk itself, in place of an earlier state of it.
   * @throws when the window could not be written
   */
  async put(end: number, record: Buffer): Promise<void> {
    const before = this.#sizes.get(end);
    if (!this.hasRoom(end, record.length)) throw new WindowSizeError(record.length > LARGEST);
    const path = this.#path(end);
    const unfinished = `${path}.new`;
    try {
      await using file = await open(unfinished, 'w', 0o600);
      await file.writeFile(record);
      // A power cut, but no kill, undoes a write: so only a state that replaces another is synced first.
      if (before !== undefined) await file.datasync();
      await rename(unfinished, path);
      this.#sizes.set(end, record.length);
      if (before === undefined) await file.datasync();
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
    await this.#directory.sync();
  }

  /**
   * A window is not needed any more.
   * @throws when the file could not be removed
   */
  async remove(end: number): Promise<void> {
    if (!this.#sizes.has(end)) return;
    await unlink(this.#path(end)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await this.#directory.sync();
    this.#sizes.delete(end);
  }

  #path(end: number): string {
    return join(this.#directory.path, `${end}.window`);
  }
}
