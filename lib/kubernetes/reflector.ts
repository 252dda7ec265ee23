import { setTimeout as sleep } from 'node:timers/promises';

import { backoff, jittered } from '../backoff.ts';
import { ApiError } from './client/client.ts';
import { readList } from './list.ts';
import type { KubernetesObject } from './object-schema.ts';
import { IdleTimeoutError } from './idle-timeout.ts';
import { ExpiredError } from './expired-error.ts';
import { watch, type WatchOptions } from './watch.ts';

/** A change to the objects of a resource: `replace` after a list, the others after a watch event. */
export type Change<T> =
  | {
      readonly type: 'replace';
      readonly objects: readonly T[];
      /** The resourceVersion of the list. */
      readonly version?: string;
    }
  | { readonly type: 'put' | 'remove'; readonly object: T };

export interface ReflectorOptions<T> extends WatchOptions {
  /** The parts of an object that are kept. Called as each object arrives, so that only these stay in memory. */
  readonly project: (object: KubernetesObject) => T;
  /** Called when changes begin to arrive as they happen, and when they stop. */
  readonly following: (yes: boolean) => void;
  /**
   * Called when everything that the server has sent has been taken: lists, changes, bookmarks. `version`: the
   * resourceVersion up to which the changes have come.
   */
  readonly heard?: (version: string) => void;
  /** Called each time a list or watch has failed and will be tried again. */
  readonly failed: (error: unknown) => void;
}

/** Back-off of the two requests: a watch is cheap for the server, a list is not. */
const [WATCH, LIST] = [
  { first: 800, most: 8000 },
  { first: 800, most: 30_000 },
];
/** The API server asks all agents to list again in the same instant: they spread their lists over so many milliseconds. */
const SPREAD = 1000;
/** After so many idle watches in a row the server does not know the resourceVersion yet. */
const IDLE_MOST = 2;
/** A watch that has lasted for so many milliseconds was no failure. */
const GOOD = 1000;

/**
 * The changes to a resource, for ever, as client-go's reflector reports them: list, watch from there,
 * resume after any break, list again when the server has forgotten the resourceVersion. Ends when the
 * signal is aborted.
 */
export async function* reflect<T>(options: ReflectorOptions<T>): AsyncGenerator<Change<T>> {
  const { project, signal, following, heard, failed } = options;
  const { outage } = options.client;
  let version: string | undefined;
  /** The oldest resourceVersion that a list may have: 0 is whatever the server has in its cache. */
  let oldest = '0';
  /** Numbers of failures, idle watches, and demands for another list, each in a row. */
  let [attempts, idle, forgotten] = [0, 0, 0];
  /** The pause before the last attempt, in milliseconds. */
  let pause = 0;
  while (!signal.aborted) {
    let opened = Infinity;
    try {
      if (version === undefined) {
        const list = await listAll(options, oldest);
        version = list.version;
        yield { type: 'replace', ...list };
        heard?.(version);
      }
      const open = () => {
        opened = performance.now();
        following(true);
      };
      for await (const { type, object } of watch(options, version, open)) {
        [attempts, idle, forgotten] = [0, 0, 0];
        version = object.metadata?.resourceVersion ?? version;
        if (type === 'ADDED' || type === 'MODIFIED') yield { type: 'put', object: project(object) };
        if (type === 'DELETED') yield { type: 'remove', object: project(object) };
        heard?.(version);
      }
      following(false);
    } catch (error) {
      following(false);
      if (signal.aborted) return;
      failed(error);
      options.client.failed?.(error);
      if (error instanceof IdleTimeoutError && version !== undefined) idle += 1;
      // A resource that seldom changes has no event that would end the row of failures.
      if (performance.now() - opened > Math.max(pause, GOOD)) [attempts, forgotten] = [0, 0];
      let again = false;
      if (version === undefined) {
        // The server's cache may never reach that version, so the store itself is asked.
        again = isBehind(error) && oldest !== '';
        if (again) oldest = '';
      } else if (isExpired(error) || idle >= IDLE_MOST) {
        // A server that answers needs no pause, unless it has forgotten its own list, too.
        again = isExpired(error) && forgotten++ === 0;
        [version, oldest, idle] = [undefined, version, 0];
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
  { client, path, fieldSelector, labelSelector, project, signal, idleTimeout }: ReflectorOptions<T>,
  resourceVersion: string,
): Promise<{ version: string; objects: readonly T[] }> {
  const query = new URLSearchParams({
    resourceVersion,
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  });
  const body = await client.get(`${path}?${query}`, signal);
  const objects: T[] = [];
  const each = (object: KubernetesObject) => void objects.push(project(object));
  const { resourceVersion: version } = await readList(body, each, idleTimeout);
  // Whoever answered is no API server.
  if (!version) throw new SyntaxError('the list has no resourceVersion');
  return { version, objects };
}

/** The server has forgotten the changes after the resourceVersion: a 410, as a status or as an event. */
function isExpired(error: unknown): boolean {
  return error instanceof ExpiredError || (error instanceof ApiError && error.status === 410);
}

/** The server's cache does not have the list any more, or not yet (a 504). */
function isBehind(error: unknown): boolean {
  return isExpired(error) || /Too large resource version/i.test(String(error));
}
