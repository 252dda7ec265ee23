import PQueue from 'p-queue';

/** To start a source takes some 20 ms of CPU: more at once would only slow each other down. */
const AT_ONCE = 4;

/** Bounds how many sources are being started at once, and knows whether starts still begin and end. */
export class StartLimiter {
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  #changedAt = performance.now();

  /** Milliseconds since a start began or ended, if any are under way; a start takes ten seconds at most. */
  get stuckFor(): number {
    return this.#queue.pending === 0 ? 0 : performance.now() - this.#changedAt;
  }

  /** Calls `start` when it is its turn. */
  async add<T>(start: () => Promise<T>): Promise<T> {
    return this.#queue.add(async () => {
      this.#changedAt = performance.now();
      try {
        return await start();
      } finally {
        this.#changedAt = performance.now();
      }
    });
  }
}
