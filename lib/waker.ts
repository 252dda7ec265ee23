/** Lets one loop wait for a time, or until something wakes it. */
export class Waker {
  #wake: (() => void) | undefined;

  /** Resolves after so many milliseconds, which may be Infinity, or when `wake` is called. */
  async wait(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : undefined;
    await promise;
    clearTimeout(timer);
  }

  /** Ends the wait under way, if there is one. */
  wake(): void {
    this.#wake?.();
  }
}
