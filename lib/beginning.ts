import type { Readable } from 'node:stream';

/** The first bytes of a stream as they arrive, at most `most`. The rest is not read: the stream is destroyed. */
export async function* beginning(body: Readable, most: number): AsyncGenerator<Buffer> {
  let left = most;
  for await (const piece of body as AsyncIterable<Buffer>) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}
