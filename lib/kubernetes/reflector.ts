import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { ApiError, type ApiClient } from './client.ts';
import type { KubernetesObject } from './records.ts';

/** A change to the objects of a resource: `replace` after a list, the others after a watch event. */
export type Change =
  | { readonly type: 'replace'; readonly objects: readonly KubernetesObject[] }
  | { readonly type: 'put' | 'remove'; readonly object: KubernetesObject };

export interface ReflectorOptions {
  readonly client: ApiClient;
  /** `/api/v1/pods`, for example. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly signal: AbortSignal;
  /** Called each time a list or watch has failed and will be tried again. */
  readonly failed: (error: unknown) => void;
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: KubernetesObject & { readonly code?: number; readonly message?: string };
}

const BACKOFF = { first: 800, most: 30_000 };
/** Bookmarks come every 60 s; a watch that is silent for much longer is dead. */
const SILENCE = 150_000;

/** The resource version that we resume from is no longer known: list again. */
class ExpiredError extends Error {}

/**
 * The changes to a resource, for ever: list, watch from there, resume after any break, list again
 * when the server has forgotten where we were. Ends when the signal is aborted.
 */
export async function* reflect(options: ReflectorOptions): AsyncGenerator<Change> {
  const { signal, failed } = options;
  let version: string | undefined;
  let from = '0';
  let attempts = 0;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = await listAll(options, from);
        version = list.version;
        yield { type: 'replace', objects: list.objects };
      }
      for await (const { type, object } of watch(options, version)) {
        attempts = 0;
        version = object.metadata?.resourceVersion ?? version;
        if (type === 'ADDED' || type === 'MODIFIED') yield { type: 'put', object };
        if (type === 'DELETED') yield { type: 'remove', object };
      }
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      if (error instanceof ExpiredError || (error instanceof ApiError && error.status === 410)) {
        // The watch cache may be as old as what has expired, so this list is not taken from it.
        [version, from] = [undefined, ''];
      }
      const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** attempts++);
      const wait = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
      await sleep(Math.max(wait, backoff * (0.5 + Math.random())), undefined, { signal }).catch(
        () => {},
      );
    }
  }
}

async function listAll(
  { client, path, fieldSelector, signal }: ReflectorOptions,
  resourceVersion: string,
): Promise<{ version: string; objects: readonly KubernetesObject[] }> {
  const query = new URLSearchParams({ resourceVersion, ...(fieldSelector && { fieldSelector }) });
  const list = (await json(await client.get(`${path}?${query}`, signal))) as {
    metadata?: { resourceVersion?: string };
    items?: KubernetesObject[];
  };
  return { version: list.metadata?.resourceVersion ?? '', objects: list.items ?? [] };
}

async function* watch(
  { client, path, fieldSelector, signal }: ReflectorOptions,
  resourceVersion: string,
): AsyncGenerator<Required<WatchEvent>> {
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(300 + Math.floor(Math.random() * 300)),
    ...(fieldSelector && { fieldSelector }),
  });
  const started = Date.now();
  const body = await client.get(`${path}?${query}`, signal);
  const silence = setTimeout(() => body.destroy(new Error('the watch fell silent')), SILENCE);
  let partial = '';
  try {
    for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
      silence.refresh();
      const lines = (partial + chunk).split('\n');
      // Half an event at the end of a broken stream is not lost: the next watch brings it whole.
      partial = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') yield event(line);
      }
    }
  } finally {
    clearTimeout(silence);
    body.destroy();
  }
  if (Date.now() - started < 1000) throw new Error('the watch ended as soon as it had begun');
}

function event(line: string): Required<WatchEvent> {
  const { type = '', object = {} } = JSON.parse(line) as WatchEvent;
  if (type === 'ERROR' && object.code === 410) throw new ExpiredError(object.message);
  if (type === 'ERROR') throw new Error(`watch: ${object.message}`);
  return { type, object };
}
