import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes that a directory, which is made if it does not exist, has room for.
 * @throws when the directory is not writable
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
