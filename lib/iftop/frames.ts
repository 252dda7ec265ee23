import { FRAME_END } from './parse.ts';

/** 1 000 pairs are 190 kB and 2 000 lines: what is longer than this is no frame. */
const MAX_FRAME = 1024 * 1024;
const MAX_LINES = 4096;

/** Cuts a stream of text into frames: the lines up to and including the line of equals signs. */
export class FrameSplitter {
  #lines: string[] = [];
  #partial = '';
  #size = 0;
  /** The number of lines discarded because their frame did not end. */
  dropped = 0;

  /** A frame has begun and not ended. An empty line follows each frame. */
  get isOpen(): boolean {
    return this.#partial !== '' || this.#lines.some((line) => line !== '');
  }

  /** Feeds a piece of output and returns the frames that are now complete. */
  push(chunk: string): string[][] {
    const frames: string[][] = [];
    const lines = chunk.split('\n');
    lines[0] = this.#partial + lines[0];
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      this.#lines.push(line);
      this.#size += line.length + 1;
      const ends = FRAME_END.test(line);
      if (this.#size > MAX_FRAME || this.#lines.length > MAX_LINES) this.#drop();
      else if (ends) frames.push(this.#lines);
      else continue;
      this.#lines = [];
      this.#size = 0;
    }
    if (this.#size + this.#partial.length > MAX_FRAME) {
      this.#lines.push(this.#partial);
      this.#drop();
      this.#partial = '';
    }
    return frames;
  }

  #drop(): void {
    this.dropped += this.#lines.length;
    this.#lines = [];
    this.#size = 0;
  }
}
