import { backoff, type BackoffTimes } from '../backoff.ts';

/** When to try again after failures: later with each. */
export class Backoff {
  readonly #times: BackoffTimes;
  #failures = 0;
  #until = 0;

  constructor(times: BackoffTimes) {
    this.#times = times;
  }

  /** There was a failure since the last reset. */
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

  /** The cause may be gone: the next attempt is due at once, but the failures still count. */
  end(): void {
    this.#until = 0;
  }

  reset(): void {
    [this.#failures, this.#until] = [0, 0];
  }
}
