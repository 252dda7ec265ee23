import { backoff, type BackoffTimes } from '../backoff.ts';

/** When something that has failed is tried again: later with each failure. All times are milliseconds. */
export class Backoff {
  readonly #times: BackoffTimes;
  #failures = 0;
  #until = 0;

  constructor(times: BackoffTimes) {
    this.#times = times;
  }

  /** It has failed since it was last reset. */
  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  get isOver(): boolean {
    return this.#until <= performance.now();
  }

  failed(): void {
    this.#until = performance.now() + backoff(this.#times, this.#failures);
    this.#failures += 1;
  }

  /** Why it failed may have changed: it is tried at once, but counts as having failed. */
  end(): void {
    this.#until = 0;
  }

  reset(): void {
    [this.#failures, this.#until] = [0, 0];
  }
}
