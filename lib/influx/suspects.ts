import { backoff } from '../backoff.ts';
import type { Waiting } from './spool/backlog.ts';

interface Suspect {
  /** How often it could not be delivered since InfluxDB was last seen to take nothing at all. */
  failures: number;
  /** How often it could not be delivered although InfluxDB took other rows. */
  strikes: number;
  /** When it may be tried again, by `performance.now()`. */
  notBefore: number;
}

/** After so many failures it may be the batch itself that InfluxDB does not take. */
const DOUBT = 3;
/** Of what is not answered no more than a sixteenth is looked at by itself. */
const DEPTH_MOST = 4;
/** How long a batch is set aside, in milliseconds; twice as long each time. */
const ASIDE = { first: 10_000, most: 300_000 };

/**
 * Batches that could not be delivered. Those that fail when others do not are set aside, so that they are
 * in nobody's way; which they are cannot be told while InfluxDB takes nothing.
 */
export class Suspects {
  readonly #suspects = new Map<Waiting, Suspect>();

  /** They could not be delivered. */
  failed(batches: readonly Waiting[]): void {
    for (const batch of batches) this.#of(batch).failures += 1;
  }

  /** InfluxDB takes nothing at the moment, so nobody in particular is to blame. */
  acquit(): void {
    for (const [batch, suspect] of this.#suspects) {
      suspect.failures = 0;
      if (suspect.strikes === 0) this.#suspects.delete(batch);
    }
  }

  /** InfluxDB takes others: it is tried again later, after them. */
  setAside(batch: Waiting, now: number): void {
    const suspect = this.#of(batch);
    suspect.notBefore = now + backoff(ASIDE, suspect.strikes);
    suspect.strikes += 1;
  }

  forget(batches: readonly Waiting[]): void {
    for (const batch of batches) this.#suspects.delete(batch);
  }

  /** Forgets those that wait no more, having been dropped. */
  prune(waits: (batch: Waiting) => boolean): void {
    for (const batch of this.#suspects.keys()) if (!waits(batch)) this.#suspects.delete(batch);
  }

  /** It has failed so often that it is to be tried by itself. */
  isDoubted(batch: Waiting): boolean {
    const { failures = 0, strikes = 0 } = this.#suspects.get(batch) ?? {};
    return failures >= DOUBT || strikes > 0;
  }

  isAside(batch: Waiting): boolean {
    return (this.#suspects.get(batch)?.strikes ?? 0) > 0;
  }

  /** How often what is not answered may be halved. */
  depthOf(batch: Waiting): number {
    return Math.min(DEPTH_MOST, this.#suspects.get(batch)?.strikes ?? 0);
  }

  failuresOf(batch: Waiting): number {
    return this.#suspects.get(batch)?.failures ?? 0;
  }

  /** The one set aside that may go first, and when. */
  next(): { readonly batch: Waiting; readonly at: number } | undefined {
    let first: { readonly batch: Waiting; readonly at: number } | undefined;
    for (const [batch, { strikes, notBefore: at }] of this.#suspects)
      if (strikes > 0 && at < (first?.at ?? Infinity)) first = { batch, at };
    return first;
  }

  #of(batch: Waiting): Suspect {
    const suspect = this.#suspects.get(batch) ?? { failures: 0, strikes: 0, notBefore: 0 };
    this.#suspects.set(batch, suspect);
    return suspect;
  }
}
