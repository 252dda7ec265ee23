import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Collection } from './collection.ts';

const compress = promisify(gzip);
/** Milliseconds. Who is given an older list catches up by the changes since. */
const FRESH = 10_000;

/** A list as it is sent. */
interface Prepared {
  readonly version: number;
  readonly at: number;
  readonly body: Promise<Buffer>;
}

/**
 * The list of a collection, gzipped: prepared once for all who ask within some seconds, as long as the changes since are
 * in the collection's log.
 */
export class PreparedList {
  readonly #collection: Collection;
  #last: Prepared | undefined;

  constructor(collection: Collection) {
    this.#collection = collection;
  }

  /** `oldest`: the version that the list must have at least. The collection must have that. */
  async body(oldest: number): Promise<Buffer> {
    const last = this.#last;
    const { log, version } = this.#collection;
    const isKnown = last && last.version >= oldest && log.after(last.version) !== undefined;
    if (isKnown && (last.version === version || performance.now() - last.at < FRESH))
      return last.body;
    const body = this.#prepare(version);
    this.#last = { version, at: performance.now(), body };
    body.catch(() => (this.#last = undefined));
    return body;
  }

  async #prepare(version: number): Promise<Buffer> {
    const { kind } = this.#collection;
    const metadata = JSON.stringify({ resourceVersion: String(version) });
    const items = [...this.#collection.objects()].join(',');
    const text = `{"kind":"${kind}List","apiVersion":"v1","metadata":${metadata},"items":[${items}]}\n`;
    return compress(text, { level: constants.Z_BEST_SPEED });
  }
}
