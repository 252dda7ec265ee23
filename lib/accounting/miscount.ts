import type { Bytes, Directions } from '../model.ts';
import { each } from '../bytes.ts';
import { sum } from '../sum.ts';

/** Milliseconds over which counters are judged. */
const MINUTE = 60_000;
/** A surplus of fewer bytes, or of a smaller part of what was seen, may be an error of measurement: iftop rounds by 0.5 %. */
const LEAST = 64 * 1024;
const TOLERANCE = 0.02;
/** Counters that have less than a quarter of what was seen are judged before the minute is over. */
const BLATANT = 0.75;

/** What a slot says about the counters. */
interface Entry {
  readonly from: number;
  readonly to: number;
  readonly seen: Bytes;
  /** What was counted of all that the slot may have seen. */
  readonly counted: Bytes;
  /** Counted in the slot before, and not seen there. */
  readonly lag: Bytes;
}

/**
 * Whether the kernel's counters miss bytes. A source sees nothing that did not pass, so what it saw in a minute beyond the
 * counters was not counted. Kernels before 6.7 do not count packets that Cilium hands to a pod by `bpf_redirect_peer`
 * (commit 024ee930cb3c). Slots and counters are read at the same moments, so that no end of a window lies between them. A
 * direction stays miscounted until the counters have all bytes of another minute in which something was seen.
 */
export class Miscount {
  #recent: Entry[] = [];
  #since: number | undefined;
  #miscounted: Directions = { sent: false, received: false };

  get directions(): Directions {
    return this.#miscounted;
  }

  add(entry: Entry): void {
    // If the clock was set back, another minute begins.
    if (entry.to < (this.#recent.at(-1)?.to ?? 0)) [this.#recent, this.#since] = [[], undefined];
    this.#since ??= entry.from;
    this.#recent.push(entry);
    while ((this.#recent[0]?.to ?? Infinity) <= entry.to - MINUTE) this.#recent.shift();
    const whole = entry.to - this.#since >= MINUTE;
    this.#miscounted = each((direction) => this.#judge(direction, whole));
  }

  /** `whole`: there are slots of a whole minute. */
  #judge(direction: keyof Bytes, whole: boolean): boolean {
    const lag = this.#recent[0]?.lag[direction] ?? 0;
    const seen = sum(this.#recent, (entry) => entry.seen[direction]);
    const counted = lag + sum(this.#recent, (entry) => entry.counted[direction]);
    const was = this.#miscounted[direction];
    const part = whole ? TOLERANCE : BLATANT;
    const most = Math.max(LEAST, part * seen);
    // A direction stays miscounted while nothing is seen, and until the surplus is clearly within bounds.
    if (was) return !whole || seen <= LEAST || seen - counted > most / 2;
    return seen - counted > most;
  }
}
