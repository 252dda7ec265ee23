import type { WindowFiles } from './window-files.ts';

interface Kept {
  /** What is still to be written of it. */
  record: Buffer | undefined;
  /** Its rows have been made, so it is to go. */
  isRows: boolean;
}

/**
 * Windows that are on disk, or on their way there, until their rows are. While one is, its rows are not
 * sent: after a kill it is named anew, and might get other names than those that were.
 */
export class KeptWindows {
  readonly #windows = new Map<number, Kept>();

  /** An earlier process left it. */
  found(end: number): void {
    this.#windows.set(end, { record: undefined, isRows: false });
  }

  /** It is to be written, in place of what is there of it. */
  keep(end: number, record: Buffer): void {
    this.#windows.set(end, { record, isRows: false });
  }

  becameRows(end: number): void {
    const kept = this.#windows.get(end);
    if (kept) [kept.record, kept.isRows] = [undefined, true];
  }

  /** It may be on disk. */
  has(end: number): boolean {
    return this.#windows.has(end);
  }

  /** What is to be written: given out once, since one that the disk does not take stays in memory as it is. */
  take(): [end: number, record: Buffer][] {
    return [...this.#windows].flatMap(([end, kept]) => {
      const { record } = kept;
      kept.record = undefined;
      return record ? [[end, record] as [number, Buffer]] : [];
    });
  }

  /**
   * Removes those that have become rows; `files` is undefined if none can be on disk.
   * @throws when one is still there, which keeps up no other
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
