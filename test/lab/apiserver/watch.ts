import type { Reply } from './reply.ts';
import { bookmark, typed } from './resources.ts';
import { selected, selection } from './selection.ts';
import { expired, statusOf } from './status.ts';
import type { Change, Store } from './store.ts';
import { isTrue, requestedVersion, type Target } from './target.ts';

export interface Pace {
  /** How long a second of the protocol lasts, in ms. */
  readonly second: number;
  /** Time between bookmarks, in ms. */
  readonly bookmarkInterval: number;
}

/** Serves a watch until its time is out, the client leaves or the server closes. */
export async function watch(
  store: Store,
  target: Target,
  reply: Reply,
  pace: Pace,
  closing: AbortSignal,
): Promise<void> {
  const { resource, query } = target;
  const since = requestedVersion(query);
  const matches = selection(target);
  const send = (type: string, object: object) =>
    reply.write(`${JSON.stringify({ type, object })}\n`);
  const show = (change: Change) => {
    const event = change.version > since && selected(change, matches);
    if (event) send(event.type, typed(resource, event.object));
  };

  reply.start({ status: 200 });
  if (since !== 0 && since < store.compacted) {
    // Too old is an event, not a status: the 200 is out before the cache is looked at.
    const message = `too old resource version: ${since} (${store.compacted})`;
    send('ERROR', statusOf(expired(message)));
    return reply.end();
  }
  if (since === 0) {
    for (const object of store.list(resource).filter(matches)) {
      send('ADDED', typed(resource, object));
    }
  } else store.since(resource, since).forEach(show);

  const unsubscribe = store.subscribe(resource, show);
  const stopBookmarks = isTrue(query.get('allowWatchBookmarks'))
    ? bookmarks(pace, lifetime(query, pace), () => {
        const version = store.versionOf(resource);
        if (version >= since) send('BOOKMARK', bookmark(resource, version));
      })
    : () => {};
  await over(lifetime(query, pace), reply, closing);
  unsubscribe();
  stopBookmarks();
  reply.end();
}

/** In ms; the API server takes 30 to 60 minutes when the client does not say. */
function lifetime(query: URLSearchParams, { second }: Pace): number {
  return (Number(query.get('timeoutSeconds')) || 1800) * second;
}

/** Bookmarks come at their interval and two seconds before the end. */
function bookmarks({ bookmarkInterval, second }: Pace, life: number, send: () => void): () => void {
  const interval = setInterval(send, bookmarkInterval);
  const last = life > 2 * second ? setTimeout(send, life - 2 * second) : undefined;
  return () => {
    clearInterval(interval);
    clearTimeout(last);
  };
}

async function over(life: number, reply: Reply, closing: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timeout = setTimeout(end, life);
  closing.addEventListener('abort', end);
  if (closing.aborted) end();
  await Promise.race([promise, reply.gone]);
  closing.removeEventListener('abort', end);
  clearTimeout(timeout);
}
