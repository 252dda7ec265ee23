import type { Collection } from './collection.ts';
import { type Outlet, PATIENCE } from './outlet.ts';
import type { Piece } from './piece.ts';

/** One watch of an agent: a position in the log of a collection, and the stream that what comes after it goes to. */
export class Reader {
  readonly #collection: Collection;
  readonly #outlet: Outlet;
  /** How the agent takes what is sent. */
  readonly #form: 'packed' | 'plain';
  /** The agent knows everything up to this version. */
  readonly #known: number;
  #position: number;
  #isSending = false;
  /** When something was sent last, by `performance.now()`. */
  #sent = performance.now();

  /** `position`: in the collection's log, of the first change after the version `known`. */
  constructor(
    collection: Collection,
    { known, position }: { readonly known: number; readonly position: number },
    outlet: Outlet,
    form: 'packed' | 'plain',
  ) {
    this.#collection = collection;
    [this.#known, this.#position, this.#outlet, this.#form] = [known, position, outlet, form];
  }

  /**
   * Sends what has come; to an agent that has not taken the last of it yet, when this is called again. Resolves to false if
   * the agent has fallen too far behind, or takes nothing.
   */
  async send(): Promise<boolean> {
    if (this.#isSending) return true;
    if (this.#outlet.isBehind) return performance.now() - this.#sent < PATIENCE;
    while (!this.#outlet.isOver) {
      const read = this.#collection.log.read(this.#position, this.#known);
      if (!read) return false;
      if (read.next === this.#position) break;
      this.#position = read.next;
      if (!(await this.#give(read.piece))) return false;
    }
    return true;
  }

  /** The same; says that there is nothing new, if nothing was sent for so many milliseconds and all has been told. */
  async beat(bookmark: Piece, after: number): Promise<boolean> {
    const { log, version } = this.#collection;
    if (this.#outlet.isBehind || this.#position < log.end) return this.send();
    if (version >= this.#known && performance.now() - this.#sent >= after)
      return this.#give(bookmark);
    return true;
  }

  async #give(piece: Piece): Promise<boolean> {
    if (piece.plain.length === 0) return true;
    const bytes = piece[this.#form];
    this.#sent = performance.now();
    // Nobody waits for the last piece: that is all that most agents are ever sent.
    if (this.#position === this.#collection.log.end) {
      this.#outlet.write(bytes);
      return true;
    }
    this.#isSending = true;
    const isTaken = await this.#outlet.send(bytes);
    this.#isSending = !isTaken;
    return isTaken;
  }
}
