import { type Write, WriteError } from './writer.ts';

/** The result for a batch. All rows that are neither refused nor left are in InfluxDB. */
export interface Delivered {
  readonly refused: number;
  /** One refused row, if it is known, and InfluxDB's message. */
  readonly refusal: { readonly row: string | undefined; readonly error: string } | undefined;
  /** Why some rows are still to be delivered, although InfluxDB takes others; else undefined. */
  readonly left: WriteError | undefined;
}

const ALL: Delivered = { refused: 0, refusal: undefined, left: undefined };
/** Statuses that refuse the row itself: to send it again does not help. */
const REFUSED = new Set([400, 422]);
const TOO_LARGE = 413;
/** Statuses that blame the moment, the sender, or something in between: the same rows may be taken later. */
const LATER = new Set([401, 403, 404, 407, 408, 421, 425, 429, 502, 503, 504]);

/** For rows of which some are suspected to be to blame, even if the status does not refuse them. */
export interface Blame {
  /** Whether InfluxDB takes other rows now. */
  readonly takesOthers: () => Promise<boolean>;
  /** How often rows that might be taken later are halved: each time may take the whole time-out. */
  readonly depth: number;
}

/**
 * Writes rows, with a line feed between two. Rows that are refused or too large are halved until the rows that are to blame
 * stand alone. Rows that were written already are written again on the way, which changes nothing.
 *
 * @throws WriteError when all of it has to be tried again later
 */
export async function deliver(write: Write, rows: string, blame?: Blame): Promise<Delivered> {
  try {
    await write(rows);
    return ALL;
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const { status, dropped, message } = error;
    const lines = rows.split('\n');
    // To find each of some hundred thousand series too many would take too many requests.
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
    const first = await deliver(write, lines.slice(0, half).join('\n'), within);
    const second = await deliver(write, lines.slice(half).join('\n'), within);
    return {
      refused: first.refused + second.refused,
      refusal: first.refusal ?? second.refusal,
      left: first.left ?? second.left,
    };
  }
}

/** The status does not mean later: the row will never be taken while others are. */
function isFinal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && !LATER.has(status);
}
