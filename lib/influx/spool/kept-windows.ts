import type { WindowFiles } from './window-files.ts';

interface Kept {
  /** The record that is still to be written. */
  record: Buffer | undefined;
  /** The rows of the window have been made, so its file is to be removed. */
  isRows: boolean;
}

/**
 * Windows that are on disk, or on their way there, until their rows are. The rows of such a window are not
 * sent: after a kill the window is named again, and might get other names than those in the rows.
 */
export class KeptWindows {
  readonly #windows = new Map<number, Kept>();

  /** The window is to be written, in place of an earlier state; without a record it is on disk already. */
  keep(end: number, record?: Buffer): void {
    this.#windows.set(end, { record, isRows: false });
  }

  becameRows(end: number): void {
    const kept = this.#windows.get(end);
    if (kept) [kept.record, kept.isRows] = [undefined, true];
  }

  /** Whether the window may be on disk. */
  has(end: number): boolean {
    return this.#windows.has(end);
  }

  /** The records to write, each once: a window that the disk does not take stays in memory. */
  take(): [end: number, record: Buffer][] {
    return [...this.#windows].flatMap(([end, kept]) => {
      const { record } = kept;
      kept.record = undefined;
      return record ? [[end, record] as [number, Buffer]] : [];
    });
  }

  /**
   * Removes the windows that have become rows; `files` is undefined if none can be on disk.
   * @throws when a file could not be removed, after the others
   */
  async release(files: WindowFiles | undefined): Promise<void> {
    let failure: unknown;
    for (const [end, kept] of this.#windows) {
      if (!kept.isRows) continue;
      try {
        await files?.remove(end);
        if (this.#windows.get(end) === kept) this.#windows.delete(end);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw failure;
  }
}
