import { type Write, WriteError } from './writer.ts';

/** What became of a batch. All rows that are neither refused nor left are in InfluxDB. */
export interface Delivered {
  readonly refused: number;
  /** One row that was refused, if it could be told which, and what InfluxDB said. */
  readonly refusal: Refusal | undefined;
  /** Why some rows are still to be delivered, although InfluxDB takes others; else undefined. */
  readonly left: WriteError | undefined;
}

interface Refusal {
  readonly row: string | undefined;
  readonly error: string;
}

const ALL: Delivered = { refused: 0, refusal: undefined, left: undefined };
/** The row itself is refused, not the moment or the sender: sending it again cannot help. */
const REFUSED = new Set([400, 422]);
const TOO_LARGE = 413;
/** It is the moment, the sender, or something in between: the same rows may be taken later. */
const LATER = new Set([401, 403, 404, 407, 408, 421, 425, 429, 502, 503, 504]);

/** Some of the rows are to blame, whatever the answer to them is. */
export interface Blame {
  /** Whether InfluxDB takes other rows now. */
  readonly takesOthers: () => Promise<boolean>;
  /** So often rows are halved that might be taken later: each time may take as long as an answer is waited for. */
  readonly depth: number;
}

/**
 * Writes rows; of what is refused or too large each half by itself, until the rows that are to blame
 * stand alone. Rows that had been written already are written again on the way, which changes nothing.
 *
 * @throws WriteError when all of it has to be tried again later
 */
export async function deliver(
  write: Write,
  lines: readonly string[],
  blame?: Blame,
): Promise<Delivered> {
  try {
    await write(lines);
    return ALL;
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const { status, dropped, message } = error;
    // Some hundred thousand series too many are not to be looked for one by one.
    if (dropped !== undefined && dropped <= lines.length)
      return { ...ALL, refused: dropped, refusal: { row: undefined, error: message } };
    const isRefused = status !== undefined && (REFUSED.has(status) || status === TOO_LARGE);
    if (!isRefused && !blame) throw error;
    const [row] = lines;
    const mayBeLater = !isRefused && !isFinal(status);
    const isAlone = lines.length === 1 || (mayBeLater && (blame?.depth ?? 0) <= 0);
    if (isAlone) {
      if (!isRefused && !(await blame?.takesOthers())) throw error;
      return isRefused || isFinal(status)
        ? { ...ALL, refused: 1, refusal: { row, error: message } }
        : { ...ALL, left: error };
    }
    const half = Math.ceil(lines.length / 2);
    const within = blame && mayBeLater ? { ...blame, depth: blame.depth - 1 } : blame;
    const first = await deliver(write, lines.slice(0, half), within);
    const second = await deliver(write, lines.slice(half), within);
    return {
      refused: first.refused + second.refused,
      refusal: first.refusal ?? second.refusal,
      left: first.left ?? second.left,
    };
  }
}

/** An answer, and not one that means later: the row will never be taken while others are. */
function isFinal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && !LATER.has(status);
}
