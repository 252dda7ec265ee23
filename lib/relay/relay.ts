import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import PQueue from 'p-queue';
import { SHARED_RESOURCES, type SharedResource } from '../kubernetes/stripped.ts';
import { Collection } from './collection.ts';
import type { Outlet } from './outlet.ts';
import { Piece } from './piece.ts';
import { PreparedList } from './prepared-list.ts';
import { Reader } from './reader.ts';
import {
  badRequest,
  expired,
  type Failure,
  notFound,
  statusOf,
  tooLarge,
  unavailable,
} from './status.ts';

/** A request of an agent that has been let in. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly takesGzip: boolean;
}

/** Bytes of changes that are kept of a resource: an hour of 30 pods that change in a second. */
const HISTORY = 32 * 1024 * 1024;
/** Milliseconds. Changes of this time are sent together: a write to a thousand agents takes longer than a change. */
const GATHER = 250;
/** Milliseconds without a change after which an agent is told that there is none. */
const BEAT = 1000;
/** Milliseconds that a list waits for a version which another replica has heard of already, as at the API server. */
const PATIENCE = 3000;
/** Seconds of a watch at most: a token is shown again with the next one. */
const TIMEOUT = 600;
/**
 * Lists that are sent at a time, and milliseconds after which one that is taken slowly makes room for another: so the relay
 * has little on its way, and answers others at once, when all agents list.
 */
const [AT_ONCE, TURN] = [32, 2000];
const JSON_TYPE = { 'content-type': 'application/json' };
const GZIP = { 'content-encoding': 'gzip' };
/** An answer that ends before there is anything to say is to be a gzip file, too. */
const NOTHING = new Piece(Buffer.alloc(0));

interface Watch {
  /** All changes after this one are wanted. */
  readonly version: number;
  readonly seconds: number;
  readonly takesGzip: boolean;
}

interface Shelf {
  readonly collection: Collection;
  readonly list: PreparedList;
  readonly readers: Map<Reader, Outlet>;
  gathering: NodeJS.Timeout | undefined;
  /** It is followed at the API server. */
  isFollowed: boolean;
}

/** What the API server would answer to an agent, out of one watch for all of them: lists and watches of whole resources. */
export class Relay {
  readonly #shelves: ReadonlyMap<string, Shelf>;
  readonly #heart: NodeJS.Timeout;
  readonly #sending = new PQueue({ concurrency: AT_ONCE });
  /** The end of the last list of each connection: side by side its lists would be one large write. */
  readonly #listing = new WeakMap<object, Promise<void>>();
  /** Watches that were cut off, since their agents did not read what they were told. */
  cutOff = 0;

  constructor(history = HISTORY) {
    this.#shelves = new Map(
      SHARED_RESOURCES.map((resource) => {
        const collection = new Collection(resource, history);
        const list = new PreparedList(collection);
        const rest = { readers: new Map(), gathering: undefined, isFollowed: false };
        return [resource, { collection, list, ...rest }];
      }),
    );
    this.#heart = setInterval(() => this.#beat(), BEAT).unref();
  }

  get collections(): readonly Collection[] {
    return [...this.#shelves.values()].map(({ collection }) => collection);
  }

  /** The number of watches under way. */
  get readers(): number {
    return [...this.#shelves.values()].reduce((sum, { readers }) => sum + readers.size, 0);
  }

  /** The objects of a resource have changed, or have been listed. */
  changed(resource: SharedResource): void {
    const shelf = this.#shelf(resource);
    shelf.gathering ??= setTimeout(() => {
      shelf.gathering = undefined;
      for (const reader of shelf.readers.keys()) void this.#keep(shelf, reader, reader.send());
    }, GATHER);
  }

  /** Changes to a resource come from the API server as they happen, or not any more. */
  following(resource: SharedResource, yes: boolean): void {
    this.#shelf(resource).isFollowed = yes;
  }

  /** Answers a request. Resolves when the answer is complete or the agent has gone. */
  async answer({ method, path, takesGzip }: Asked, outlet: Outlet): Promise<void> {
    const url = URL.parse(path, 'http://any');
    const [, resource = ''] = /^\/api\/v1\/(\w+)$/.exec(url?.pathname ?? '') ?? [];
    const shelf = this.#shelves.get(resource);
    if (!url || !shelf || method !== 'GET') return fail(outlet, notFound());
    const query = url.searchParams;
    if (query.get('fieldSelector') || query.get('labelSelector'))
      return fail(outlet, badRequest('the relay has whole resources and selects nothing'));
    const text = query.get('resourceVersion') ?? '';
    const version = /^\d*$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(version))
      return fail(outlet, badRequest(`Invalid value: "${text.slice(0, 100)}": resourceVersion`));
    if (!shelf.isFollowed) return fail(outlet, unavailable(resource));
    if (!/^(1|true)$/.test(query.get('watch') ?? ''))
      return this.#list(shelf, version, takesGzip, outlet);
    const asked = Number(query.get('timeoutSeconds')) || TIMEOUT;
    const seconds = Math.min(Math.max(0, asked), TIMEOUT);
    return this.#watch(shelf, { version, seconds, takesGzip }, outlet);
  }

  /** Ends all watches, as the API server does with those that have lasted for their time. */
  async end(): Promise<void> {
    clearInterval(this.#heart);
    const all = [...this.#shelves.values()];
    for (const { gathering } of all) clearTimeout(gathering);
    const outlets = all.flatMap(({ readers }) => [...readers.values()]);
    await Promise.all(outlets.map(async (outlet) => outlet.finish()));
  }

  async #list(shelf: Shelf, oldest: number, takesGzip: boolean, outlet: Outlet): Promise<void> {
    const { collection, list } = shelf;
    const until = performance.now() + PATIENCE;
    while (collection.version < oldest && performance.now() < until && !outlet.isOver)
      await sleep(GATHER);
    if (collection.version < oldest) return fail(outlet, tooLarge(oldest, collection.version));
    const body = await list.body(oldest);
    outlet.begin(200, { ...JSON_TYPE, ...(takesGzip && GZIP) });
    const { connection } = outlet;
    const before = this.#listing.get(connection) ?? Promise.resolve();
    const send = async () => (takesGzip ? outlet.finish(body) : finishUnpacked(body, outlet));
    const sent = before.then(async () => this.#inTurn(send));
    this.#listing.set(
      connection,
      sent.catch(() => {}),
    );
    return sent;
  }

  async #inTurn(send: () => Promise<void>): Promise<void> {
    let sent = Promise.resolve();
    await this.#sending.add(async () => {
      sent = send();
      await Promise.race([sent, sleep(TURN, undefined, { ref: false })]);
    });
    await sent;
  }

  async #watch(shelf: Shelf, watch: Watch, outlet: Outlet): Promise<void> {
    const { collection, readers } = shelf;
    const { version: known, seconds, takesGzip } = watch;
    if (known === 0) return fail(outlet, badRequest('a watch needs the resourceVersion of a list'));
    const position = collection.log.after(known);
    const form = takesGzip ? 'packed' : 'plain';
    outlet.begin(200, { ...JSON_TYPE, ...(takesGzip && GZIP) });
    if (position === undefined) {
      const object = statusOf(expired(known, collection.log.floor));
      const event = Buffer.from(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return outlet.finish(new Piece(event)[form]);
    }
    if (!(await outlet.send(NOTHING[form]))) return outlet.drop();
    const reader = new Reader(collection, { known, position }, outlet, form);
    readers.set(reader, outlet);
    void this.#keep(shelf, reader, reader.send());
    await sleep(seconds * 1000, undefined, { signal: outlet.over, ref: false }).catch(() => {});
    readers.delete(reader);
    await outlet.finish();
  }

  /** Cuts a reader off if it does not take what is sent. */
  async #keep({ readers }: Shelf, reader: Reader, isTaken: Promise<boolean>): Promise<void> {
    if (await isTaken) return;
    this.cutOff += 1;
    readers.get(reader)?.drop();
  }

  #beat(): void {
    for (const shelf of this.#shelves.values()) {
      const { collection, readers, isFollowed } = shelf;
      if (!isFollowed || readers.size === 0) continue;
      const bookmark = collection.bookmark();
      // Half a beat less, since the timer may be early.
      for (const reader of readers.keys())
        void this.#keep(shelf, reader, reader.beat(bookmark, BEAT / 2));
    }
  }

  #shelf(resource: SharedResource): Shelf {
    const shelf = this.#shelves.get(resource);
    if (!shelf) throw new Error(`${resource} is not shared`);
    return shelf;
  }
}

async function finishUnpacked(body: Buffer, outlet: Outlet): Promise<void> {
  const plain = createGunzip();
  plain.end(body);
  for await (const piece of plain as AsyncIterable<Buffer>)
    if (!(await outlet.send(piece))) return outlet.drop();
  return outlet.finish();
}

async function fail(outlet: Outlet, failure: Failure): Promise<void> {
  const { code, retryAfter } = failure;
  outlet.begin(code, { ...JSON_TYPE, ...(retryAfter && { 'retry-after': `${retryAfter}` }) });
  return outlet.finish(Buffer.from(`${JSON.stringify(statusOf(failure))}\n`));
}
