import { Backoff } from './backoff.ts';

/** Milliseconds until the next start of a source: twice as long each time that sources have ended for the same reason. */
const DELAYS = {
  failed: { first: 250, most: 30_000 },
  /** An interface that iftop refused is seldom accepted a little later, unless the pod's interfaces change. */
  refused: { first: 1000, most: 600_000 },
  /** Short enough that a pod is captured again within a minute of the end of its storm. */
  overload: { first: 5000, most: 30_000 },
};
type Reason = keyof typeof DELAYS;

/** When a capture may start its next source. */
export class RetryPolicy {
  readonly #delays: Readonly<Record<Reason, Backoff>> = {
    failed: new Backoff(DELAYS.failed),
    refused: new Backoff(DELAYS.refused),
    overload: new Backoff(DELAYS.overload),
  };

  get isDue(): boolean {
    return Object.values(this.#delays).every(({ isOver }) => isOver);
  }

  /** A source has ended for this reason. */
  ended(reason: Reason): void {
    this.#delays[reason].failed();
  }

  /** The interfaces of the pod have changed: one that was refused may be accepted now. */
  retryRefused(): void {
    this.#delays.refused.end();
  }

  /** The next delay for this reason is the first one again. */
  reset(reason: Reason): void {
    this.#delays[reason].reset();
  }
}
