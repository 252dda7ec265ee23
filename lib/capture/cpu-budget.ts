import type { CpuSeconds } from '../linux/cpu-time.ts';
import { sum } from '../sum.ts';

type Used = Pick<CpuSeconds, 'daemon' | 'captures'>;

export interface CaptureCpu {
  /** CPU seconds of the capture's process; undefined while there is none. */
  readonly cpu: number | undefined;
  readonly paused: boolean;
}

/** Seconds of the budget that may be saved, or owed: what was spent above the budget is repaid. */
const [SAVED, OWED] = [10, 60];
/** Seconds over which a share is a mean; of the daemon's two the smaller counts, so that its bursts pause nothing. */
const [SHORT, LONG] = [10, 60];
/** Part of the budget that stays in use when captures are paused: the rest is saved for attempts to resume. */
const KEPT = 0.8;
/** A capture with less than this part of the budget is quiet: paused only after so many seconds above the budget. */
const QUIET = { part: 0.1, after: 60 };
/** Seconds from a pause to the next attempt: twice as long each time, until a capture has run for the longest of them. */
const COOL_DOWN = { first: 15, most: 240 };

interface State extends CaptureCpu {
  /** Share of a core; of a paused capture the last one. */
  readonly share: number;
  /** When the capture was paused or resumed, or was first seen. */
  readonly since: number;
  readonly coolDown: number;
}

/**
 * Decides which captures to pause and resume, so that the mean CPU time of the daemon and its captures stays within the
 * budget. `Capture` identifies a capture.
 */
export class CpuBudget<Capture> {
  readonly #budget: number;
  #states = new Map<Capture, State>();
  #last: { readonly now: number; readonly used: Used } | undefined;
  /** CPU seconds that are saved; below zero they are owed. */
  #credit = 0;
  /** The daemon's share of a core. */
  #daemon = { short: 0, long: 0 };
  #overSince: number | undefined;
  /** When the last capture that does not fit in the budget was resumed. */
  #attempt = -Infinity;

  /** `budget`: a share of one core. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** The daemon alone takes more than the budget, so pausing captures does not help. */
  get isTooSmall(): boolean {
    return this.#credit < 0 && this.#own > this.#budget && this.#running.length === 0;
  }

  /** `now`: seconds of a monotonic clock. */
  decide(now: number, used: Used, captures: ReadonlyMap<Capture, CaptureCpu>) {
    const { now: before, used: last } = this.#last ?? { now, used };
    const seconds = now - before;
    this.#last = { now, used };
    const states = [...captures].map(
      ([key, cpu]) => [key, next(this.#states.get(key), cpu, now, seconds)] as const,
    );
    this.#states = new Map(states);
    if (seconds <= 0) return { pause: [], resume: [] };
    const daemon = used.daemon - last.daemon;
    const credit = this.#credit + this.#budget * seconds - daemon - (used.captures - last.captures);
    this.#credit = Math.max(-OWED * this.#budget, Math.min(SAVED * this.#budget, credit));
    this.#daemon = {
      short: mean(this.#daemon.short, daemon / seconds, seconds / SHORT),
      long: mean(this.#daemon.long, daemon / seconds, seconds / LONG),
    };
    const isOver = this.#credit < 0 && this.#share > this.#budget;
    this.#overSince = isOver ? (this.#overSince ?? now) : undefined;
    const pause = this.#overSince === undefined ? [] : this.#pause(now, this.#overSince);
    return { pause, resume: this.#credit < 0 ? [] : this.#resume(now) };
  }

  /** The costliest captures, of equal ones those that have run for longest. */
  #pause(now: number, overSince: number): Capture[] {
    const least = now - overSince < QUIET.after ? QUIET.part * this.#budget : 0;
    const running = this.#running.sort(([, a], [, b]) => order(a, b));
    let share = this.#share;
    const pause = [];
    for (const [key, state] of running) {
      if (share <= KEPT * this.#budget || state.share < least) break;
      const isSoon = state.coolDown > 0 && now - state.since < COOL_DOWN.most;
      const coolDown = isSoon ? Math.min(COOL_DOWN.most, 2 * state.coolDown) : COOL_DOWN.first;
      this.#states.set(key, { ...state, coolDown });
      // The daemon has less to do for fewer captures.
      share -= state.share + this.#own / running.length;
      pause.push(key);
    }
    return pause;
  }

  /** The capture that has waited longest of those that fit in the budget, or may be tried. */
  #resume(now: number): Capture[] {
    const room = KEPT * this.#budget - this.#share;
    const isFull = this.#credit >= SAVED * this.#budget;
    const mayTry = now - this.#attempt >= COOL_DOWN.first;
    const [first] = [...this.#states]
      .filter(([, { paused, cpu, share, since, coolDown }]) => {
        const waited = now - since;
        if (!paused || cpu !== undefined || waited < coolDown) return false;
        return share <= room || (mayTry && (isFull || waited >= COOL_DOWN.most));
      })
      .sort(([, a], [, b]) => a.since - b.since);
    if (!first) return [];
    const [key, { share }] = first;
    if (share > room) this.#attempt = now;
    return [key];
  }

  get #running(): [Capture, State][] {
    return [...this.#states].filter(([, { cpu, paused }]) => cpu !== undefined && !paused);
  }

  get #own(): number {
    return Math.min(this.#daemon.short, this.#daemon.long);
  }

  /** The share of a core that the daemon and the captures that run are expected to take. */
  get #share(): number {
    return this.#own + sum(this.#running, ([, { share }]) => share);
  }
}

/** The state of a capture after a measurement. */
function next(state: State | undefined, { cpu, paused }: CaptureCpu, now: number, seconds: number) {
  const { share = 0, since = now, coolDown = 0 } = state ?? {};
  const known = { cpu, paused, share, coolDown, since: paused === state?.paused ? since : now };
  // A new process has used CPU time only to start.
  if (paused || cpu === undefined || state?.cpu === undefined) return known;
  return { ...known, share: mean(share, (cpu - state.cpu) / seconds, seconds / SHORT) };
}

function mean(before: number, now: number, weight: number): number {
  return before + (now - before) * Math.min(1, weight);
}

function order(a: State, b: State): number {
  const magnitude = ({ share }: State) => Math.round(Math.log2(Math.max(0.001, share)));
  return magnitude(b) - magnitude(a) || a.since - b.since;
}
