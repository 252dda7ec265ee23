import { backoff, jittered } from '../../backoff.ts';

/** Between two attempts, in milliseconds: it grows, and is somewhere between half of this and all. */
const PAUSE = { first: 500, most: 4000 };
/** When the server answers again, those that waited ask within so many milliseconds, not in one instant. */
const SPREAD = 1000;

/**
 * What the requests of a client know together of a server that gives no answer. Whoever got none waits
 * here. One after the other may try, so rarely that a thousand agents do no harm; the first answer lets
 * all others go on, so that however long the server was away nobody sleeps on after its return.
 */
export class Outage {
  readonly #waiting = new Set<() => void>();
  #on = false;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The last request, whoever made it, got no answer, or none but that the server is unavailable. */
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

  /** Resolves when the server has answered another request, when it is our turn to try, or on abort. */
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

  /** Lets the one that has waited for longest try; the others go on waiting, whatever comes of it. */
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
