import { backoff, jittered } from '../../backoff.ts';

/** Milliseconds between two attempts. */
const PAUSE = { first: 500, most: 4000 };
/** When the server answers again, the waiting requests follow within so many milliseconds, not in one instant. */
const SPREAD = 1000;

/**
 * The requests of a client that wait for a server that does not answer. One after the other may try, so
 * rarely that a thousand agents do no harm; the first answer lets all others go on, so that none waits
 * after the server's return, however long it was away.
 */
export class Outage {
  readonly #waiting = new Set<() => void>();
  #on = false;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The last request of the client got no answer, or only that the server is unavailable. */
  get on(): boolean {
    return this.#on;
  }

  begin(): void {
    this.#on = true;
  }

  /** The server has answered a request. */
  over(): void {
    this.#on = false;
    this.#attempts = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const go of this.#waiting) setTimeout(go, Math.random() * SPREAD).unref();
    this.#waiting.clear();
  }

  /** Resolves when the server has answered another request, when it is the caller's turn to try, or on abort. */
  async turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = () => resolve();
    signal.addEventListener('abort', go);
    this.#waiting.add(go);
    this.#timer ??= this.#next();
    await promise;
    signal.removeEventListener('abort', go);
    this.#waiting.delete(go);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Lets the request that has waited longest try; the others go on waiting, whatever the result. */
  #next(): NodeJS.Timeout {
    const pause = jittered(backoff(PAUSE, this.#attempts++));
    const turn = () => {
      const [first] = this.#waiting;
      if (first) this.#waiting.delete(first);
      this.#timer = this.#waiting.size > 0 ? this.#next() : undefined;
      first?.();
    };
    return setTimeout(turn, pause);
  }
}
