import type { Collection } from './collection.ts';
import type { Outlet } from './outlet.ts';

/** One watch of an agent: a position in the log of a collection, and the stream that what comes after it goes to. */
export class Reader {
  readonly #collection: Collection;
  readonly #outlet: Outlet;
  /** The agent knows everything up to this version. */
  readonly #known: number;
  #position: number;
  #isSending = false;
  /** When something was sent last, by `performance.now()`. */
  #sent = performance.now();

  constructor(collection: Collection, known: number, position: number, outlet: Outlet) {
    this.#collection = collection;
    [this.#known, this.#position, this.#outlet] = [known, position, outlet];
  }

  /** Sends what has come, piece by piece as the agent takes it. Resolves to false if the agent has fallen too far behind. */
  async send(): Promise<boolean> {
    if (this.#isSending) return true;
    this.#isSending = true;
    const { log } = this.#collection;
    while (!this.#outlet.isOver) {
      const read = log.read(this.#position, this.#known);
      if (!read) return false;
      if (read.next === this.#position) break;
      this.#position = read.next;
      if (read.pieces.length === 0) continue;
      this.#sent = performance.now();
      if (!this.#outlet.write(Buffer.concat(read.pieces))) await this.#outlet.drained();
    }
    this.#isSending = false;
    return true;
  }

  /** Says that there is nothing new, if nothing was sent for so many milliseconds and all has been told. */
  beat(bookmark: Buffer, after: number): void {
    const isBehind = this.#isSending || this.#position < this.#collection.log.end;
    if (isBehind || this.#collection.version < this.#known) return;
    if (performance.now() - this.#sent < after) return;
    this.#sent = performance.now();
    this.#outlet.write(bookmark);
  }
}
