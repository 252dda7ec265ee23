import type { Readable } from 'node:stream';
import { LINE_MOST } from '../live/frame.ts';

/**
 * The lines of a stream, without their ends.
 * @throws Error if one is too long to be read, or the stream breaks
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let length = 0;
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    const [first = '', ...rest] = decoder.decode(bytes, { stream: true }).split('\n');
    pieces.push(first);
    length += bytes.length;
    for (const piece of rest) {
      yield pieces.join('');
      [pieces, length] = [[piece], piece.length];
    }
    if (length > LINE_MOST) throw new Error(`a line has more than ${LINE_MOST} bytes`);
  }
}
