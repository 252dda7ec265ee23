import type { Readable } from 'node:stream';

/** Milliseconds: more than two bookmarks of a watch, which come every 60 s. */
const IDLE_TIMEOUT = 150_000;

/** An answer has been idle for a long time, without even a bookmark. */
export class IdleTimeoutError extends Error {
  readonly code = 'ERR_KUBERNETES_IDLE';
}

/**
 * The pieces of a body as they come. A body that is idle for `idleTimeout` milliseconds is given up: a
 * working connection does not mean that the answer goes on.
 * @throws IdleTimeoutError, or the error of the stream
 */
export async function* withIdleTimeout<T>(
  body: Readable,
  idleTimeout = IDLE_TIMEOUT,
): AsyncGenerator<T> {
  const error = () => new IdleTimeoutError(`nothing has come for ${idleTimeout / 1000} s`);
  const timer = setTimeout(() => body.destroy(error()), idleTimeout).unref();
  try {
    for await (const piece of body as AsyncIterable<T>) {
      timer.refresh();
      yield piece;
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
