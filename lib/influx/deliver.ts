import { type Write, WriteError } from './write.ts';

/** What became of a batch: rows that never will be in InfluxDB; all others are. */
export interface Delivered {
  readonly refused: number;
  /** One row that was refused, if it could be told which, and what InfluxDB said. */
  readonly refusal: { readonly row: string | undefined; readonly error: string } | undefined;
}

/** The row itself is refused, not the moment or the sender: sending it again cannot help. */
const REFUSED = new Set([400, 422]);
const TOO_LARGE = 413;

/**
 * Writes rows; of what is refused or too large each half by itself, until the rows that are to blame
 * stand alone. Rows that had been written already are written again on the way, which changes nothing.
 *
 * @throws WriteError when all of it has to be tried again later
 */
export async function deliver(write: Write, lines: readonly string[]): Promise<Delivered> {
  try {
    await write(lines);
    return { refused: 0, refusal: undefined };
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const { status = 0, dropped, message } = error;
    if (!REFUSED.has(status) && status !== TOO_LARGE) throw error;
    // Some hundred thousand series too many are not to be looked for one by one.
    if (dropped !== undefined && dropped <= lines.length) {
      return { refused: dropped, refusal: { row: undefined, error: message } };
    }
    const [row] = lines;
    if (lines.length === 1) return { refused: 1, refusal: { row, error: message } };
    const half = Math.ceil(lines.length / 2);
    const first = await deliver(write, lines.slice(0, half));
    const second = await deliver(write, lines.slice(half));
    return {
      refused: first.refused + second.refused,
      refusal: first.refusal ?? second.refusal,
    };
  }
}
