import { sum } from '../../sum.ts';
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../writer.ts';

const LONGEST = 80;
const DATA = /\.(?:rows|window)$/;

/**
 * The name of the directory for the rows of a target: readable, and the same for the same place in the
 * same InfluxDB, with any credentials. Rows of one target are never sent to another.
 */
export function directoryName(target: Target): string {
  const place =
    target.api === 2
      ? [target.url, 'bucket', target.org, target.bucket]
      : [target.url, 'database', target.database, target.retentionPolicy ?? ''];
  const words = [target.url.replace(/^https?:\/\//, ''), ...place.slice(2)];
  const readable = words
    .map((word) => word.replace(/[^A-Za-z0-9.-]+/g, '-'))
    .filter((word) => word !== '')
    .join('_')
    .slice(0, LONGEST);
  const hash = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 8);
  return `${readable.replace(/^\.+/, '')}-${hash}`;
}

/** A directory with rows for another target, and their bytes. */
export interface Foreign {
  readonly directory: string;
  readonly bytes: number;
}

/** The directories of other targets, known or unknown, in the directory of all targets. */
export async function foreignIn(root: string, own: string): Promise<Foreign[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const others = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name))
    .filter((directory) => directory !== own);
  const all = await Promise.all(
    [root, ...others].map(async (directory) => ({ directory, bytes: await bytesIn(directory) })),
  );
  return all.filter(({ bytes }) => bytes > 0);
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && DATA.test(entry.name));
  const sizes = await Promise.all(
    files.map(({ name }) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sum(sizes, (size) => size);
}
