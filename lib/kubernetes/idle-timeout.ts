import type { Readable } from 'node:stream';

/** Bookmarks of a watch come every 60 s, so that this is more than two of them, in milliseconds. */
const IDLE_TIMEOUT = 150_000;

/** Nothing has come for a long time, not even a bookmark. */
export class IdleTimeoutError extends Error {
  readonly code = 'ERR_KUBERNETES_SILENT';
}

/**
 * A body's pieces as they come. When none has come for `idleTimeout` milliseconds it is given up: that its
 * connection is well does not mean that it goes on.
 * @throws SilentError, or the error of the stream
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
