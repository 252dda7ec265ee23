import { FRAME_END } from './parse.ts';

/** 1 000 pairs are 190 kB; what is longer than this is not a frame. */
const MAX_FRAME = 4 * 1024 * 1024;

/** Cuts a stream of text into frames: the lines up to and including the line of equals signs. */
export class FrameSplitter {
  #lines: string[] = [];
  #partial = '';
  #size = 0;
  /** Frames thrown away because they did not end. */
  oversized = 0;

  /** Feeds a piece of output and returns the frames that are now complete. */
  push(chunk: string): string[][] {
    const frames: string[][] = [];
    this.#size += chunk.length;
    const lines = (this.#partial + chunk).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      this.#lines.push(line);
      if (!FRAME_END.test(line)) continue;
      frames.push(this.#lines);
      this.#lines = [];
      this.#size = this.#partial.length;
    }
    if (this.#size > MAX_FRAME) {
      this.#lines = [];
      this.#partial = '';
      this.#size = 0;
      this.oversized += 1;
    }
    return frames;
  }
}
