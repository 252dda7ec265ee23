import { setTimeout as sleep } from 'node:timers/promises';

import { backoff, jittered } from '../backoff.ts';
import { ApiError } from './client/client.ts';
import { readList } from './list.ts';
import type { KubernetesObject } from './records.ts';
import { IdleTimeoutError } from './idle-timeout.ts';
import { ExpiredError, watch, type WatchOptions } from './watch.ts';

/** A change to the objects of a resource: `replace` after a list, the others after a watch event. */
export type Change<T> =
  | { readonly type: 'replace'; readonly objects: readonly T[] }
  | { readonly type: 'put' | 'remove'; readonly object: T };

export interface ReflectorOptions<T> extends WatchOptions {
  /** What is kept of an object. Called as each arrives, so that no more than it stays in memory. */
  readonly project: (object: KubernetesObject) => T;
  /** Called when changes begin to come as they happen, and when they do not any more. */
  readonly following: (yes: boolean) => void;
  /** Called with everything that the server says: lists, changes, bookmarks. */
  readonly heard?: () => void;
  /** Called each time a list or watch has failed and will be tried again. */
  readonly failed: (error: unknown) => void;
}

/** Where nothing but to wait helps, in milliseconds; a watch is cheap to ask for, a list is not. */
const [WATCH, LIST] = [
  { first: 800, most: 8000 },
  { first: 800, most: 30_000 },
];
/** All agents are told to list again in the same instant, and do so within so many milliseconds. */
const SPREAD = 1000;
/** A watch that says nothing so often in a row has a resourceVersion that is still to come. */
const SILENCES = 2;
/** A watch that has lasted for so long was a good one, in milliseconds. */
const GOOD = 1000;

/**
 * The changes to a resource, for ever, as client-go's reflector tells them: list, watch from there,
 * resume after any break, list again when the server has forgotten where we were. Ends when the
 * signal is aborted.
 */
export async function* reflect<T>(options: ReflectorOptions<T>): AsyncGenerator<Change<T>> {
  const { project, signal, following, heard, failed } = options;
  const { outage } = options.client;
  let version: string | undefined;
  /** What the list is asked to be no older than: 0 is whatever the server has in its cache. */
  let oldest = '0';
  /** In a row: failures, watches that said nothing, and answers that mean to list again. */
  let [attempts, silences, forgotten] = [0, 0, 0];
  /** Before the last attempt, in milliseconds. */
  let pause = 0;
  while (!signal.aborted) {
    let opened = Infinity;
    try {
      if (version === undefined) {
        const list = await listAll(options, oldest);
        version = list.version;
        heard?.();
        yield { type: 'replace', objects: list.objects };
      }
      const open = () => {
        opened = performance.now();
        following(true);
      };
      for await (const { type, object } of watch(options, version, open)) {
        [attempts, silences, forgotten] = [0, 0, 0];
        heard?.();
        version = object.metadata?.resourceVersion ?? version;
        if (type === 'ADDED' || type === 'MODIFIED') yield { type: 'put', object: project(object) };
        if (type === 'DELETED') yield { type: 'remove', object: project(object) };
      }
      following(false);
    } catch (error) {
      following(false);
      if (signal.aborted) return;
      failed(error);
      if (error instanceof IdleTimeoutError && version !== undefined) silences += 1;
      // Of a resource that seldom changes no event says that all was well in between.
      if (performance.now() - opened > Math.max(pause, GOOD)) [attempts, forgotten] = [0, 0];
      let again = false;
      if (version === undefined) {
        // The server's cache may never come to be as new as that, so the store itself is asked.
        again = isBehind(error) && oldest !== '';
        if (again) oldest = '';
      } else if (isExpired(error) || silences >= SILENCES) {
        // That the server answers is no reason to wait, unless it has forgotten its own list, too.
        again = isExpired(error) && forgotten++ === 0;
        [version, oldest, silences] = [undefined, version, 0];
      }
      if (again) pause = SPREAD * Math.random();
      else {
        pause = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
        if (!outage?.on)
          pause += jittered(backoff(version === undefined ? LIST : WATCH, attempts++));
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (!again && outage?.on) await outage.turn(signal);
    }
  }
}

async function listAll<T>(
  { client, path, fieldSelector, project, signal, idleTimeout }: ReflectorOptions<T>,
  resourceVersion: string,
): Promise<{ version: string; objects: readonly T[] }> {
  const query = new URLSearchParams({ resourceVersion, ...(fieldSelector && { fieldSelector }) });
  const body = await client.get(`${path}?${query}`, signal);
  const objects: T[] = [];
  const each = (object: KubernetesObject) => void objects.push(project(object));
  const { resourceVersion: version = '' } = await readList(body, each, idleTimeout);
  return { version, objects };
}

/** Gone, in both its forms: the server has forgotten what came after our resourceVersion. */
function isExpired(error: unknown): boolean {
  return error instanceof ExpiredError || (error instanceof ApiError && error.status === 410);
}

/** A list that the server's cache cannot give: it is forgotten, or still to come (a 504). */
function isBehind(error: unknown): boolean {
  return isExpired(error) || /Too large resource version/i.test(String(error));
}
