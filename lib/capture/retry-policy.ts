import { backoff } from '../backoff.ts';

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
  readonly #ends = new Map<Reason, { readonly count: number; readonly until: number }>();

  get isDue(): boolean {
    const now = performance.now();
    return [...this.#ends.values()].every(({ until }) => until <= now);
  }

  /** A source has ended for this reason. */
  ended(reason: Reason): void {
    const { count = 0 } = this.#ends.get(reason) ?? {};
    const until = performance.now() + backoff(DELAYS[reason], count);
    this.#ends.set(reason, { count: count + 1, until });
  }

  /** The pod's interfaces have changed: a refused one may be accepted now. If it is not, the next delay is longer still. */
  retryRefused(): void {
    const { count = 0 } = this.#ends.get('refused') ?? {};
    this.#ends.set('refused', { count, until: 0 });
  }

  /** The next delay for this reason is the first one again. */
  reset(reason: Reason): void {
    this.#ends.delete(reason);
  }
}
