import { lstat, open } from 'node:fs/promises';

/** The beginning of a regular file; nothing for anything else, such as a pipe or a link. */
export async function readAtMost(path: string, most: number): Promise<Buffer> {
  if (!(await lstat(path)).isFile()) return Buffer.alloc(0);
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const bytes = Buffer.alloc(Math.min(size, most));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
