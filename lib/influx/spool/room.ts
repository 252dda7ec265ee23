import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes that a directory has room for, which is made if it is not there.
 * @throws when nothing can be written to it
 */
export async function roomIn(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'check');
  try {
    await using file = await open(path, 'w', 0o600);
    await file.writeFile('nstats');
    await file.sync();
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
