import { backoff } from '../backoff.ts';
import type { Waiting } from './spool/unsent-rows.ts';

interface Suspect {
  /** Failed deliveries since InfluxDB last took nothing at all. */
  failures: number;
  /** Failed deliveries while InfluxDB took other rows. */
  strikes: number;
  /** When the batch may be tried again, by `performance.now()`. */
  notBefore: number;
}

/** After so many failures the batch itself may be what InfluxDB does not take. */
const DOUBT = 3;
/** A batch without an answer is halved so often, down to a sixteenth. */
const DEPTH_MOST = 4;
/** How long a batch is set aside, in milliseconds; twice as long each time. */
const ASIDE = { first: 10_000, most: 300_000 };

/**
 * Batches that could not be delivered. Those that fail while others are taken are set aside, so that they
 * delay no others. While InfluxDB takes nothing no batch is to blame.
 */
export class Suspects {
  readonly #suspects = new Map<Waiting, Suspect>();

  /** The batches could not be delivered. */
  failed(batches: readonly Waiting[]): void {
    for (const batch of batches) this.#of(batch).failures += 1;
  }

  /** InfluxDB takes nothing at the moment, so no batch is to blame. */
  acquit(): void {
    for (const [batch, suspect] of this.#suspects) {
      suspect.failures = 0;
      if (suspect.strikes === 0) this.#suspects.delete(batch);
    }
  }

  /** InfluxDB takes other batches: this one is tried again later, after them. */
  setAside(batch: Waiting, now: number): void {
    const suspect = this.#of(batch);
    suspect.notBefore = now + backoff(ASIDE, suspect.strikes);
    suspect.strikes += 1;
  }

  forget(batches: readonly Waiting[]): void {
    for (const batch of batches) this.#suspects.delete(batch);
  }

  /** Forgets the batches that were dropped. */
  prune(waits: (batch: Waiting) => boolean): void {
    for (const batch of this.#suspects.keys()) if (!waits(batch)) this.#suspects.delete(batch);
  }

  /** The batch has failed so often that it is to be tried by itself. */
  isDoubted(batch: Waiting): boolean {
    const { failures = 0, strikes = 0 } = this.#suspects.get(batch) ?? {};
    return failures >= DOUBT || strikes > 0;
  }

  isAside(batch: Waiting): boolean {
    return this.depthOf(batch) > 0;
  }

  /** How often a batch without an answer may be halved. */
  depthOf(batch: Waiting): number {
    return Math.min(DEPTH_MOST, this.#suspects.get(batch)?.strikes ?? 0);
  }

  failuresOf(batch: Waiting): number {
    return this.#suspects.get(batch)?.failures ?? 0;
  }

  /** The batch set aside that may go first, and when. */
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
