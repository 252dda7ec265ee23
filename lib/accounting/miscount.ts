import type { Bytes, Directions } from '../model.ts';

/** Counters are judged over so many milliseconds. */
const MINUTE = 60_000;
/** Less than this, or than this part of what was seen, may be measuring error: iftop rounds by 0.5 %. */
const LEAST = 64 * 1024;
const TOLERANCE = 0.02;
/** Counters that have less than a quarter of what was seen need no minute to be found out. */
const BLATANT = 0.75;
const DIRECTIONS = ['sent', 'received'] as const;

/** A slot, as far as it can tell whether the counters count. */
interface Entry {
  readonly from: number;
  readonly to: number;
  readonly seen: Bytes;
  /** All that it may have seen, if that was counted. */
  readonly counted: Bytes;
  /** Counted in the slot before it, and not seen there. */
  readonly lag: Bytes;
}

/**
 * Whether the kernel's counters miss what passes. A source sees nothing that did not pass, so what
 * it has seen beyond the counters in a minute was not counted: packets that Cilium hands to a pod by
 * `bpf_redirect_peer` are not, in kernels before 6.7 (commit 024ee930cb3c). Slots and counters are
 * read at the same moments, so that no end of a window lies between them. A direction is miscounted
 * until the counters have had all of another minute in which something was seen.
 */
export class Miscount {
  #recent: Entry[] = [];
  #since: number | undefined;
  #is: Directions = { sent: false, received: false };

  get directions(): Directions {
    return this.#is;
  }

  add(entry: Entry): void {
    // A clock that was set back begins another minute.
    if (entry.to < (this.#recent.at(-1)?.to ?? 0)) [this.#recent, this.#since] = [[], undefined];
    this.#since ??= entry.from;
    this.#recent.push(entry);
    while ((this.#recent[0]?.to ?? Infinity) <= entry.to - MINUTE) this.#recent.shift();
    const whole = entry.to - this.#since >= MINUTE;
    this.#is = { sent: this.#judge('sent', whole), received: this.#judge('received', whole) };
  }

  /** `whole`: there has been a minute to judge by. */
  #judge(direction: (typeof DIRECTIONS)[number], whole: boolean): boolean {
    let seen = 0;
    let counted = this.#recent[0]?.lag[direction] ?? 0;
    for (const entry of this.#recent) {
      seen += entry.seen[direction];
      counted += entry.counted[direction];
    }
    const was = this.#is[direction];
    const part = whole ? TOLERANCE : BLATANT;
    const most = Math.max(LEAST, part * seen);
    // Who is miscounted stays so while nothing is seen, and until the surplus is clearly within bounds.
    if (was) return !whole || seen <= LEAST || seen - counted > most / 2;
    return seen - counted > most;
  }
}
