import { Piece } from './piece.ts';

/** A change that readers have to be told of. */
interface Entry {
  /** Who knows everything up to an earlier version needs this entry. */
  readonly version: number;
  readonly bytes: Buffer;
}

/** Bytes of changes that one read takes at most, if it takes more than one. */
const MOST = 64 * 1024;

/** The last so many reads are remembered: as long as a list is given out, of which agents begin, at four reads a second. */
const READS = 64;

/** Some changes, and the position behind them. */
export interface Read {
  readonly piece: Piece;
  readonly next: number;
}

/**
 * The last changes to the objects of a resource, in the order of their resourceVersions: one log for all readers, each of
 * which has a position in it. When it is full the oldest changes go, whoever has not read them.
 */
export class ChangeLog {
  readonly #limit: number;
  #entries: Entry[] = [];
  /** The position of the first entry; positions only grow. */
  #start = 0;
  #bytes = 0;
  #floor = Infinity;
  /** What was read last, by the position: readers that begin at the same one are given the same all the way. */
  readonly #reads = new Map<number, Read>();

  /** `limit`: bytes that the changes may have. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** All changes after this version are in the log. */
  get floor(): number {
    return this.#floor;
  }

  /** The position behind the last change. */
  get end(): number {
    return this.#start + this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Begins anew: nothing is known of the time before a version, and no position is in the log. */
  reset(version: number): void {
    this.#start = this.end + 1;
    [this.#entries, this.#bytes, this.#floor] = [[], 0, version];
    this.#reads.clear();
  }

  append(version: number, bytes: Buffer): void {
    this.#entries.push({ version, bytes });
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#limit) return;
    // Half of it at once, since what is left has to be moved.
    let gone = 0;
    for (; this.#bytes > this.#limit / 2 && gone < this.#entries.length; gone += 1)
      this.#bytes -= this.#entries[gone]?.bytes.length ?? 0;
    this.#floor = this.#entries[gone - 1]?.version ?? this.#floor;
    this.#entries = this.#entries.slice(gone);
    this.#start += gone;
  }

  /** The position of the first change after a version; undefined if changes after it are forgotten. */
  after(version: number): number | undefined {
    if (version < this.#floor) return undefined;
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.version ?? 0) <= version) low = middle + 1;
      else high = middle;
    }
    return this.#start + low;
  }

  /**
   * Some changes from a position on, without those up to the version `after`; undefined if the position is not in the log
   * any more.
   */
  read(position: number, after = 0): Read | undefined {
    if (position < this.#start) return undefined;
    const isWhole = (this.#entries[position - this.#start]?.version ?? Infinity) > after;
    const known = isWhole && this.#reads.get(position);
    if (known) return known;
    const parts: Buffer[] = [];
    let next = position;
    let bytes = 0;
    for (; next < this.end && bytes < MOST; next += 1) {
      const entry = this.#entries[next - this.#start];
      if (!entry || entry.version <= after) continue;
      parts.push(entry.bytes);
      bytes += entry.bytes.length;
    }
    const read = { piece: new Piece(Buffer.concat(parts)), next };
    if (isWhole && next > position) this.#remember(position, read);
    return read;
  }
  #remember(position: number, read: Read): void {
    const [oldest] = this.#reads.size < READS ? [] : this.#reads.keys();
    if (oldest !== undefined) this.#reads.delete(oldest);
    this.#reads.set(position, read);
  }
}
