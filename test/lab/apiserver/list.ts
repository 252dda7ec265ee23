import { setTimeout as sleep } from 'node:timers/promises';

import { type Continue, formatContinue, parseContinue } from './continue.ts';
import { keyOf } from './object.ts';
import { resources } from './resources.ts';
import { type Matches, selection } from './selection.ts';
import { type Answer, expired, json, Refused, tooLargeResourceVersion } from './status.ts';
import type { Store } from './store.ts';
import { requestedVersion, type Target } from './target.ts';

interface Page {
  /** The version of the list. */
  readonly version: number;
  /** The key that the page begins at, where it is not the first. */
  readonly start?: string;
  /** How many objects it holds at most; 0 for all. */
  readonly limit: number;
}

/** Answers a list. `patience` is how long to wait for a version that is still to come, in ms. */
export async function list(
  store: Store,
  target: Target,
  patience: number,
  closing: AbortSignal,
): Promise<Answer> {
  const matches = selection(target);
  const token = target.query.get('continue');
  const page = token
    ? following(store, target, parseContinue(token))
    : await first(store, target, patience, closing);
  return json(200, render(store, target, matches, page));
}

function limitOf({ query }: Target): number {
  return Number(query.get('limit') ?? 0);
}

async function first(
  store: Store,
  target: Target,
  patience: number,
  closing: AbortSignal,
): Promise<Page> {
  const { resource, query } = target;
  const limit = limitOf(target);
  const version = requestedVersion(query);
  const match = query.get('resourceVersionMatch');
  if (version === 0) {
    // "0" is any version and comes from the watch cache, which knows no chunks.
    const cached = query.get('resourceVersion') === '0';
    return cached
      ? { version: store.versionOf(resource), limit: 0 }
      : { version: store.version, limit };
  }
  if (version > store.version)
    await sleep(patience, undefined, { signal: closing }).catch(() => {});
  if (version > store.version) {
    throw new Refused(tooLargeResourceVersion(version, store.versionOf(resource)));
  }
  // A limit without a match has always meant Exact.
  if (match === 'Exact' || (match === null && limit > 0)) {
    if (version >= store.compactedOf(resource)) return { version, limit };
    throw new Refused(expired('The resourceVersion for the provided list is too old.'));
  }
  return limit > 0
    ? { version: store.version, limit }
    : { version: Math.max(version, store.versionOf(resource)), limit };
}

function following(store: Store, target: Target, { rv, start }: Continue): Page {
  const limit = limitOf(target);
  // -1 was handed out below: the client agreed to an inconsistent remainder.
  if (rv === -1) return { version: store.version, start, limit };
  if (rv >= store.compactedOf(target.resource)) return { version: rv, start, limit };
  const metadata = { continue: formatContinue({ rv: -1, start }) };
  throw new Refused(
    expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      metadata,
    ),
  );
}

function render(store: Store, { resource, query }: Target, matches: Matches, page: Page): object {
  const { version, start, limit } = page;
  const found = store
    .list(resource, version)
    .filter((object) => matches(object) && (start === undefined || keyOf(object) >= start));
  const items = limit > 0 ? found.slice(0, limit) : found;
  const last = items.at(-1);
  const more = last !== undefined && items.length < found.length;
  const counted = !query.get('fieldSelector') && !query.get('labelSelector');
  return {
    kind: `${resources[resource].kind}List`,
    apiVersion: 'v1',
    metadata: {
      resourceVersion: String(version),
      ...(more && { continue: formatContinue({ rv: version, start: `${keyOf(last)}\0` }) }),
      ...(more && counted && { remainingItemCount: found.length - items.length }),
    },
    items,
  };
}
