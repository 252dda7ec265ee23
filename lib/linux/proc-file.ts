import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** The text of a file of /proc; undefined if the process has gone, or the agent may not read the file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The buffer of one read, which ends within the same turn of the event loop. */
const SCRATCH = Buffer.alloc(4096);

/**
 * A file of /proc that is read again and again: kept open, a read takes a tenth of the time, and it stays the
 * file of the same process even if another process has its number by now.
 */
export class ProcFile {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined if the file does not exist, or may not be read. */
  static open(path: string): ProcFile | undefined {
    try {
      return new ProcFile(openSync(path, 'r'));
    } catch {
      return undefined;
    }
  }

  /** The whole text as it is now; undefined if the process has gone. */
  read(): string | undefined {
    try {
      let text = '';
      for (let at = 0; ; ) {
        const length = readSync(this.#fd, SCRATCH, 0, SCRATCH.length, at);
        text += SCRATCH.toString('utf8', 0, length);
        at += length;
        // A read ends where the next line does not fit, which is shorter than this, or at the end.
        if (length < SCRATCH.length / 2) return text;
      }
    } catch {
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
