import { type FileHandle, mkdir, open } from 'node:fs/promises';

/** A directory whose names survive a power cut. It stays open, since names come and go with every window. */
export class SyncedDirectory implements AsyncDisposable {
  readonly path: string;
  #handle: FileHandle | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the directory if it does not exist, or does not any more. */
  async make(): Promise<void> {
    const made = await mkdir(this.path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await this[Symbol.asyncDispose]();
  }

  /** Resolves when names that are new or have been removed are on the disk itself. */
  async sync(): Promise<void> {
    try {
      this.#handle ??= await open(this.path, 'r');
      await this.#handle.sync();
    } catch (error) {
      // The next attempt opens whatever is there then.
      await this[Symbol.asyncDispose]().catch(() => {});
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
