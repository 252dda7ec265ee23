import type { Readable } from 'node:stream';

/** Bookmarks of a watch come every 60 s, so that this is more than two of them, in milliseconds. */
const SILENCE = 150_000;

/** Nothing has come for a long time, not even a bookmark. */
export class SilentError extends Error {
  readonly code = 'ERR_KUBERNETES_SILENT';
}

/**
 * A body's pieces as they come. When none has come for `silence` milliseconds it is given up: that its
 * connection is well does not mean that it goes on.
 * @throws SilentError, or the error of the stream
 */
export async function* unlessSilent<T>(body: Readable, silence = SILENCE): AsyncGenerator<T> {
  const error = () => new SilentError(`nothing has come for ${silence / 1000} s`);
  const timer = setTimeout(() => body.destroy(error()), silence).unref();
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
