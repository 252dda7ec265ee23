import { WORDS_MOST } from './client/api-error.ts';
import type { ApiClient } from './client/client.ts';
import { ExpiredError } from './expired-error.ts';
import { LARGEST_OBJECT } from './list.ts';
import { type KubernetesObject, objectOf } from './object-schema.ts';
import { withIdleTimeout } from './idle-timeout.ts';

export interface WatchOptions {
  readonly client: Pick<ApiClient, 'get' | 'clean' | 'outage' | 'beat' | 'failed'>;
  /** `/api/v1/pods`, for example. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which an answer is given up. */
  readonly idleTimeout?: number;
}

export interface WatchEvent {
  /** `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`. */
  readonly type: string;
  readonly object: KubernetesObject;
}

/**
 * Milliseconds for the head of a watch's answer, which comes at once, events or not. No head comes if the
 * server behind a proxy has been replaced meanwhile.
 */
const PATIENCE = 5000;
/** A watch that ends sooner than this (milliseconds) was refused without a word: it counts as a failure. */
const SHORTEST = 1000;
/** A watch that has missed so many beats is given up. */
const BEATS_MISSED = 5;

/**
 * The events after a resource version, until the server ends the watch, as it does after some
 * minutes. `opened` is called when the server has granted the watch.
 * @throws ApiError, ExpiredError, IdleTimeoutError, SyntaxError, or the error of the connection
 */
export async function* watch(
  { client, path, fieldSelector, labelSelector, signal, idleTimeout }: WatchOptions,
  resourceVersion: string,
  opened: () => void,
): AsyncGenerator<WatchEvent> {
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(300 + Math.floor(Math.random() * 300)),
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  });
  const body = await client.get(`${path}?${query}`, signal, PATIENCE);
  const started = performance.now();
  opened();
  let partial = '';
  const most = client.beat === undefined ? idleTimeout : BEATS_MISSED * client.beat;
  for await (const chunk of withIdleTimeout<string>(body.setEncoding('utf8'), most)) {
    const lines = chunk.split('\n');
    lines[0] = partial + lines[0];
    // Half an event at the end of a broken stream is not lost: the next watch brings the whole event.
    partial = lines.pop() ?? '';
    if (partial.length > LARGEST_OBJECT) throw new RangeError('an event is too large');
    for (const line of lines) {
      if (line !== '') yield event(line, client.clean);
    }
  }
  if (performance.now() - started < SHORTEST) throw new Error('the watch ended as it had begun');
}

function event(line: string, clean: ApiClient['clean']): WatchEvent {
  const { type, object } = (JSON.parse(line) ?? {}) as { type?: unknown; object?: unknown };
  if (type === 'ERROR') {
    const { code, message } = (object ?? {}) as { code?: unknown; message?: unknown };
    const words = clean(JSON.stringify(message ?? '')).slice(0, WORDS_MOST);
    if (code === 410) throw new ExpiredError(words);
    throw new Error(`watch: ${words}`);
  }
  return { type: typeof type === 'string' ? type : '', object: objectOf(object) };
}
