import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
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

/** The directories with rows for other targets, in the directory of all targets and below. */
export async function foreignIn(root: string, own: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && DATA.test(entry.name));
  const directories = new Set(files.map(({ parentPath }) => parentPath));
  return [...directories].filter((directory) => directory !== own);
}
