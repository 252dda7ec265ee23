/** Shares of one core. 8 000 concurrent flows take iftop some 23 %: above that it begins to miss packets. */
const HIGH = 0.25;
/** Above this iftop cannot follow, and costs the node more than its reports are worth. */
const EXCESSIVE = 0.5;
/** Milliseconds for which an excessive load is borne: to sit out a burst is cheaper than to give up on it. */
const PATIENCE = 8000;
/** Milliseconds without a high load after which iftop follows its pod again. */
const CALM = 10_000;
/**
 * Milliseconds. The kernel counts CPU time in hundredths of a second, so the share of less time than this is noise. Of all
 * that is read of a capture the CPU time takes longest: once a slot is enough.
 */
const LEAST = 1900;

/** The share of a core that iftop takes, and for how long it has been too much. */
export class CpuLoad {
  #at: number;
  #cpu: number;
  #share = 0;
  #highAt: number;
  #excessiveSince: number | undefined;

  /** `cpu`: seconds of CPU time that iftop has used by `now` (milliseconds). */
  constructor(now: number, cpu: number) {
    [this.#at, this.#highAt, this.#cpu] = [now, now, cpu];
  }

  /** Reads the CPU time in seconds, if that is due: the share is that of the time since the last reading. */
  measure(now: number, read: () => number): void {
    const lasted = now - this.#at;
    if (lasted < LEAST) return;
    const cpu = read();
    this.#share = ((cpu - this.#cpu) * 1000) / lasted;
    if (this.isHigh) this.#highAt = now;
    this.#excessiveSince = this.#share < EXCESSIVE ? undefined : (this.#excessiveSince ?? this.#at);
    [this.#at, this.#cpu] = [now, cpu];
  }

  /** iftop may miss packets. */
  get isHigh(): boolean {
    return this.#share >= HIGH;
  }

  /** The load has not been high for a while. */
  get isCalm(): boolean {
    return this.#at - this.#highAt >= CALM;
  }

  /** The load has been too much for too long. */
  get isExcessive(): boolean {
    return this.#excessiveSince !== undefined && this.#at - this.#excessiveSince >= PATIENCE;
  }
}
