import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** What the page is made of, by the paths that it is asked for. */
const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'style.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
] as const;
/** Beside the bundle, or where `npm run page` puts it in a checkout. */
const PLACES = ['page', '../../plugin/page'].map((path) => join(import.meta.dirname, path));

/**
 * The bundled page, in memory.
 * @throws Error if it is not there
 */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const place = PLACES.find((path) => existsSync(join(path, 'page.js')));
  if (place === undefined)
    throw new Error('the page is not bundled; in a checkout, npm run page does that');
  return new Map(
    FILES.map(([path, name, type]) => [path, { type, body: readFileSync(join(place, name)) }]),
  );
}
