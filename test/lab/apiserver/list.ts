import { setTimeout as sleep } from 'node:timers/promises';

import { keyOf } from './object.ts';
import { resources } from './resources.ts';
import { selection } from './selection.ts';
import { type Answer, json, Refused, tooLargeResourceVersion } from './status.ts';
import type { Store } from './store.ts';
import { requestedVersion, type Target } from './target.ts';

/**
 * Answers a list; of one with a limit only the first page can be asked for. `patience` is how long to wait
 * for a version that is still to come, in ms.
 */
export async function list(
  store: Store,
  target: Target,
  patience: number,
  closing: AbortSignal,
): Promise<Answer> {
  const { resource, query } = target;
  const matches = selection(target);
  const asked = requestedVersion(query);
  if (asked > store.version) await sleep(patience, undefined, { signal: closing }).catch(() => {});
  if (asked > store.version)
    throw new Refused(tooLargeResourceVersion(asked, store.versionOf(resource)));
  // With a version, which may be "0" for any, the list comes from the watch cache, which knows no pages.
  const cached = Boolean(query.get('resourceVersion'));
  const version = cached ? Math.max(asked, store.versionOf(resource)) : store.version;
  const limit = cached ? 0 : Number(query.get('limit') ?? 0);
  const found = store.list(resource).filter(matches);
  const items = limit > 0 ? found.slice(0, limit) : found;
  const last = items.at(-1);
  const more = last !== undefined && items.length < found.length;
  return json(200, {
    kind: `${resources[resource].kind}List`,
    apiVersion: 'v1',
    metadata: {
      resourceVersion: String(version),
      ...(more && { continue: keyOf(last), remainingItemCount: found.length - items.length }),
    },
    items,
  });
}
