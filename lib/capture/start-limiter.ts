import PQueue from 'p-queue';

/** Starting a capture costs some 20 ms of CPU; more at once would only get in each other's way. */
const AT_ONCE = 4;

/** Bounds how many captures are being started at once, and knows whether that goes on. */
export class StartLimiter {
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  #moved = performance.now();

  /** Milliseconds since one began or ended, if any are under way; a start takes ten seconds at most. */
  get stuckFor(): number {
    return this.#queue.pending === 0 ? 0 : performance.now() - this.#moved;
  }

  /** Starts when it is its turn. */
  async add<T>(start: () => Promise<T>): Promise<T> {
    return this.#queue.add(async () => {
      this.#moved = performance.now();
      try {
        return await start();
      } finally {
        this.#moved = performance.now();
      }
    });
  }
}
