import { constants, gzipSync } from 'node:zlib';

const LEVEL = { level: constants.Z_BEST_SPEED };

/** A part of an answer, which is compressed once for all who take it so: parts that follow one another can be unpacked as one. */
export class Piece {
  readonly plain: Buffer;
  #packed: Buffer | undefined;

  constructor(plain: Buffer) {
    this.plain = plain;
  }

  get packed(): Buffer {
    return (this.#packed ??= gzipSync(this.plain, LEVEL));
  }
}
