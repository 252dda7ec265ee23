/** Of one core: 8 000 concurrent flows take iftop some 23 %, and then it begins to miss packets. */
const STRAINED = 0.25;
/** Above this it is beyond what it can follow, and costs the node more than it is worth. */
const TOO_MUCH = 0.5;
/** For so long it may: an attempt at a burst is cheaper than giving up on it. */
const PATIENCE = 8000;
/**
 * The kernel tells CPU time in hundredths of a second: shares of less time than this are noise. And to
 * read it takes longer than to read anything else that is asked of a capture: once a slot will do.
 */
const LEAST = 1900;

/** The share of a core that a capture takes, and for how long it has been too much. */
export class CpuLoad {
  #at: number;
  #cpu: number;
  #share = 0;
  #since: number | undefined;

  /** `cpu`: seconds of CPU time it has used by `now` (milliseconds). */
  constructor(now: number, cpu: number) {
    [this.#at, this.#cpu] = [now, cpu];
  }

  /** Reads the CPU time in seconds, if it is time for that: the share was taken since it was read before. */
  measure(now: number, read: () => number): void {
    const lasted = now - this.#at;
    if (lasted < LEAST) return;
    const cpu = read();
    this.#share = ((cpu - this.#cpu) * 1000) / lasted;
    this.#since = this.#share < TOO_MUCH ? undefined : (this.#since ?? this.#at);
    [this.#at, this.#cpu] = [now, cpu];
  }

  /** What is missing now may have been missed. */
  get isHigh(): boolean {
    return this.#share >= STRAINED;
  }

  /** It has been too much for too long. */
  get isExcessive(): boolean {
    return this.#since !== undefined && this.#at - this.#since >= PATIENCE;
  }
}
