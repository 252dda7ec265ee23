import { createReadStream } from 'node:fs';

/** Bytes of a file from `start` on, at most `most`. */
export async function readBytes(path: string, start: number, most: number): Promise<Buffer> {
  const stream = createReadStream(path, { start, end: start + most - 1, highWaterMark: CHUNK });
  return Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
}

const CHUNK = 1024 * 1024;
