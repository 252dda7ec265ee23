import { backoff } from '../backoff.ts';

/** Pauses grow up to this, so that a pod is captured again within a minute of the storm's end. */
const PAUSE = { first: 5000, most: 30_000 };
/** A capture that has run unstrained for so long follows its pod again. */
const CALM = 10_000;

/** Whether the capture of a pod can follow it, and when to try again if it was stopped. */
export class Overload {
  #stops = 0;
  #strainedAt = -Infinity;
  #on = false;

  get isOn(): boolean {
    return this.#on;
  }

  /** The capture runs, but is at its limits. */
  strained(now: number): void {
    [this.#on, this.#strainedAt] = [true, now];
  }

  /** The capture was stopped; returns for how long (milliseconds). */
  stopped(now: number): number {
    this.strained(now);
    this.#stops += 1;
    return backoff(PAUSE, this.#stops - 1);
  }

  /** Is it over? `since`: when the capture that runs was started, if one does. */
  settle(now: number, since: number | undefined): boolean {
    if (!this.#on || since === undefined) return false;
    if (now - Math.max(since, this.#strainedAt) < CALM) return false;
    [this.#on, this.#stops] = [false, 0];
    return true;
  }
}
