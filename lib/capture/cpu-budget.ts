import { CaptureLoad, type Load } from './load.ts';
import { CpuUsageWindow, WINDOW } from './cpu-usage-window.ts';

/** CPU times are seconds since some beginning of their own, `now` is milliseconds of a clock that only goes on. */
export interface Measurement {
  readonly now: number;
  /** Of the daemon alone. */
  readonly self: number;
  /** Of the daemon and all its children, ended ones included. */
  readonly total: number;
  readonly pods: ReadonlyMap<string, Load>;
}

export interface Decision {
  readonly pause: readonly string[];
  readonly resume: readonly string[];
}

/** What is spent in so many seconds from the first measurement on does not count: a start takes what it takes. */
const STARTING = 30;
/** Seconds until a capture has ended that is paused at the next measurement instead of at this one. */
const AHEAD = 5;
/** Part of the budget that is left to the others when some are paused: the rest is saved for turns. */
const LEFT = 0.8;
/**
 * Seconds. What a capture takes in them has to be more than its next start will, else to pause it is
 * worth it only when it has been too much for as long, and no costlier one is left.
 */
const PATIENCE = 15;
/** Seconds of a turn that are to be affordable; the least that it can last, if no window has room for more. */
const TURN = { good: 10, least: AHEAD };
/** For those that have been paused for so many seconds room is made. */
const DARK = 120;
/** Shares below this are alike. */
const NOISE = 0.002;

/**
 * Which captures to pause so that the daemon and all captures stay within a share of a core in every
 * window of time. The costliest are paused, of equal ones those that have run for longest. Who has
 * been paused for longest comes back first, once there is room in a window for the least that this
 * can cost: what cannot be afforded is not begun. No clock and no effects in here.
 */
export class CpuBudget {
  readonly #budget: number;
  readonly #costs = new Map<string, CaptureLoad>();
  #usage: CpuUsageWindow;
  #began = 0;
  #last: Measurement | undefined;
  /** The share of what is no capture, the daemon and all starts, over the last seconds. */
  #own = 0;
  /** CPU seconds that it takes to start a capture, the daemon's part included: what it took lately. */
  #start = 0.05;
  /** Since when all that runs has been too much. */
  #overSince: number | undefined;

  /** `budget`: a share of one core. */
  constructor(budget: number) {
    this.#budget = budget;
    this.#usage = new CpuUsageWindow(budget, 0);
  }

  /** The daemon by itself takes more than the budget, which no pausing can mend. */
  get isTooSmall(): boolean {
    const { own } = this.#usage;
    return this.#active.length === 0 && own > this.#budget && this.#usage.room(AHEAD) < 0;
  }

  /** What to do about a measurement, which is to be made every other second. */
  decide(measurement: Measurement): Decision {
    const last = this.#last;
    const now = measurement.now / 1000;
    // A child that ends is for a moment neither among the living nor waited for.
    const total = Math.max(measurement.total, last?.total ?? 0);
    this.#last = { ...measurement, total };
    if (!last) [this.#began, this.#usage] = [now, new CpuUsageWindow(this.#budget, now)];
    const seconds = last ? now - last.now / 1000 : 0;
    const starts = this.#measure(measurement.pods, now, seconds);
    if (!last || seconds <= 0) return { pause: [], resume: [] };

    const self = measurement.self - last.self;
    const isStarting = now - this.#began < STARTING;
    // To start a capture takes about as much of the daemon as of the new process.
    const own = Math.max(0, isStarting ? self - starts : self + starts);
    this.#own = (this.#own + own / seconds) / 2;
    this.#usage.add(now, isStarting ? this.#budget * seconds : total - last.total, own);
    const pause = this.#leaving(now);
    return { pause, resume: pause.length > 0 ? [] : this.#returning(now) };
  }

  /** Returns the CPU seconds of processes that are seen for the first time. */
  #measure(pods: Measurement['pods'], now: number, seconds: number): number {
    for (const name of this.#costs.keys()) if (!pods.has(name)) this.#costs.delete(name);
    let starts = 0;
    for (const [name, load] of pods) {
      const cost = this.#costs.get(name);
      const started = cost?.runs ? undefined : load.cpu;
      if (!cost) this.#costs.set(name, new CaptureLoad(load, now));
      else if (seconds > 0) cost.measure(load, now, seconds);
      if (started === undefined) continue;
      starts += started;
      // A costly one has had packets already.
      if ((cost?.share ?? 0) * seconds < this.#start)
        this.#start += (2 * started - this.#start) / 8;
    }
    return starts;
  }

  /** What to pause: what is too much, else what is in the way of those that have waited for long. */
  #leaving(now: number): string[] {
    const running = this.#active.filter(({ runs }) => runs);
    const share = running.reduce((sum, cost) => sum + cost.share, this.#ownAtLeast);
    const isOver = share > this.#budget && this.#usage.room(AHEAD) < share * AHEAD;
    this.#overSince = isOver ? (this.#overSince ?? now) : undefined;
    const worth = this.#start / PATIENCE;
    if (this.#overSince !== undefined) {
      const isLasting = now - this.#overSince >= PATIENCE;
      if (isLasting) this.#overSince = now;
      const isWorthIt = (cost: CaptureLoad) => isLasting || cost.share >= worth;
      return this.#costliest(share - LEFT * this.#budget, isWorthIt).names;
    }
    const spare = this.#spare(WINDOW);
    for (const [, { since, price }] of this.#waiting) {
      const lacking = (price * TURN.least - spare) / WINDOW;
      if (now - since < DARK || lacking <= 0) break;
      const least = Math.min(worth, price / 2);
      const hadTurn = (cost: CaptureLoad) => cost.share >= least && now - cost.since >= WINDOW;
      const { names, isEnough } = this.#costliest(lacking, hadTurn);
      if (isEnough) return names;
    }
    return [];
  }

  /** Those of some captures that save such a share together, the costliest first. */
  #costliest(
    share: number,
    of: (cost: CaptureLoad) => boolean,
  ): { names: string[]; isEnough: boolean } {
    const running = [...this.#costs].filter(([, { paused, runs }]) => runs && !paused);
    const part = this.#ownAtLeast / running.length;
    const names = [];
    let saved = 0;
    for (const [name, cost] of running.sort(([, a], [, b]) => order(a, b))) {
      if (saved >= share) break;
      if (!of(cost)) continue;
      names.push(name);
      saved += cost.share + part;
    }
    return { names, isEnough: saved >= share };
  }

  /** What to resume: one at a time. */
  #returning(now: number): string[] {
    const [good, least] = [this.#spare(TURN.good), this.#spare(TURN.least)];
    const inWindow = this.#spare(WINDOW);
    for (const [name, { price, since }] of this.#waiting) {
      if (inWindow < price * TURN.least) continue;
      const isLong = now - since >= DARK;
      const isGood = inWindow >= price * TURN.good && !isLong;
      if (isGood ? good >= price * TURN.good : least >= price * TURN.least) return [name];
      // What others could take is saved for it.
      if (isLong) break;
    }
    return [];
  }

  /** CPU seconds that a turn may take in the next `seconds`, by what active ones take and may take. */
  #spare(seconds: number): number {
    const own = Math.max(this.#own, this.#usage.own);
    let [share, bursts] = [own, 0];
    for (const cost of this.#active) {
      share += cost.share;
      bursts += cost.price - cost.share;
    }
    const taken = share * seconds + bursts * TURN.good + this.#start;
    return this.#usage.room(seconds) - taken;
  }

  /** Those that run or are about to. */
  get #active(): CaptureLoad[] {
    return [...this.#costs.values()].filter(({ paused }) => !paused);
  }

  /** Those that are paused and have ended, the longest first. */
  get #waiting(): [string, CaptureLoad][] {
    return [...this.#costs]
      .filter(([, { paused, runs }]) => paused && !runs)
      .sort(([, a], [, b]) => a.since - b.since);
  }

  /** A burst of the daemon counts while it lasts, and only as much as it is of a window. */
  get #ownAtLeast(): number {
    return Math.min(this.#own, this.#usage.own);
  }
}

/** The costliest first, of those that cost about the same who has run for longest. */
function order(a: CaptureLoad, b: CaptureLoad): number {
  return magnitude(b) - magnitude(a) || a.since - b.since;
}

function magnitude({ share }: CaptureLoad): number {
  return Math.round(Math.log2(Math.max(NOISE, share)));
}
