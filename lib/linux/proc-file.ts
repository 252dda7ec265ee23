import { closeSync, openSync, readSync } from 'node:fs';

/** What is in it is of use until it is read into again, which is never within a turn of the event loop. */
const SCRATCH = Buffer.alloc(4096);

/**
 * A file of /proc that is read again and again: kept open that takes a tenth of the time, and it stays the
 * file of the same process, whoever has its number by now.
 */
export class ProcFile {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined if it is not there, or may not be read. */
  static open(path: string): ProcFile | undefined {
    try {
      return new ProcFile(openSync(path, 'r'));
    } catch {
      return undefined;
    }
  }

  /** All of it, as it is now; undefined if its process has gone. */
  read(): string | undefined {
    try {
      let text = '';
      for (let at = 0; ; ) {
        const length = readSync(this.#fd, SCRATCH, 0, SCRATCH.length, at);
        if (length === 0) return text;
        text += SCRATCH.toString('utf8', 0, length);
        at += length;
      }
    } catch {
      return undefined;
    }
  }

  /** It is not to be read any more. */
  close(): void {
    closeSync(this.#fd);
  }
}
