import type { Collection } from './collection.ts';
import type { Outlet } from './outlet.ts';
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
   * Sends what has come, piece by piece as the agent takes it. Resolves to false if the agent has fallen too far
   * behind, or takes nothing.
   */
  async send(): Promise<boolean> {
    if (this.#isSending) return true;
    this.#isSending = true;
    const { log } = this.#collection;
    while (!this.#outlet.isOver) {
      const read = log.read(this.#position, this.#known);
      if (!read) return false;
      if (read.next === this.#position) break;
      this.#position = read.next;
      if (read.piece.plain.length === 0) continue;
      this.#sent = performance.now();
      if (!this.#outlet.write(read.piece[this.#form]) && !(await this.#outlet.drained()))
        return false;
    }
    this.#isSending = false;
    return true;
  }

  /** Says that there is nothing new, if nothing was sent for so many milliseconds and all has been told. */
  beat(bookmark: Piece, after: number): void {
    const isBehind = this.#isSending || this.#position < this.#collection.log.end;
    if (isBehind || this.#collection.version < this.#known) return;
    if (performance.now() - this.#sent < after) return;
    this.#sent = performance.now();
    this.#outlet.write(bookmark[this.#form]);
  }
}
