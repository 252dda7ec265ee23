/** CPU times are seconds since some beginning of their own, `now` is milliseconds of a clock that only goes on. */
export interface Measurement {
  readonly now: number;
  /** Of the daemon alone. */
  readonly self: number;
  /** Of the daemon and all its children, ended ones included. */
  readonly total: number;
  readonly pods: ReadonlyMap<string, Load>;
}

export interface Load {
  /** Of the process that captures; undefined while none does. */
  readonly cpu: number | undefined;
  /** Reads what the pod's interface has counted, which goes on while nothing captures. */
  readonly packets: () => number | undefined;
}

export interface Decision {
  readonly pause: readonly string[];
  readonly resume: readonly string[];
}

/** All that is known of a pod. Shares are CPU time by time: 1 is one core. */
interface Account {
  readonly cpu: number | undefined;
  readonly packets: number | undefined;
  /** Of its capture, when it ran last. */
  readonly share: number;
  /** Packets a second, now, and when its capture ran last. */
  readonly packetRate: number;
  readonly packetRateThen: number;
  readonly pausedAt: number | undefined;
}

/** While captures wait for their turns a part of the budget is left, to be saved for these. */
const TARGET = 0.8;
/** CPU seconds that it takes to start a capture, the daemon's part included. */
const START = 0.05;
/** A turn is worth it if it can last so long (seconds). */
const TURN = 10;
/** Unspent budget that is kept (seconds of the budget): for bursts, and for turns if some wait. */
const KEPT = { calm: 5, waiting: 120 };
/** A capture that is to end goes on for some seconds, for its last slot, and so do measurements. */
const ENDING = 5;
/** Until a change can be seen in the measurements (milliseconds). */
const SETTLE = 8000;
/** Who has waited so long gets room made for it. */
const DARK = 120_000;
/** To pause a capture that takes less than this saves nothing. */
const LEAST = 0.003;
/** What the daemon takes for so long is no burst of its own, which no pausing would mend. */
const STEADY = 30_000;

/**
 * Which captures to pause so that all together stay within a share of a core. What is not spent is
 * saved, and what is spent too much has to be saved again, so the mean is right whatever a turn has
 * cost. Paused are the costliest; they come back in the order in which they were paused, when their
 * cost fits, or for a turn when enough is saved for one. No clock and no effects in here.
 */
export class Budget {
  readonly #budget: number;
  readonly #accounts = new Map<string, Account>();
  #last: Measurement | undefined;
  #credit = 0;
  /** Shares of a core over the last seconds, bursts of the daemon alone left out of the total. */
  #total = 0;
  #self = 0;
  /** The shares of the daemon alone in that time, the oldest first. */
  #selves: { readonly at: number; readonly share: number }[] = [];
  #began = 0;
  #pausedAt = -Infinity;
  /** Captures that were resumed a short time ago, and the cost that is expected of them. */
  #resumed: { readonly at: number; readonly share: number }[] = [];
  #selfWithin = 0;

  /** `budget`: a share of one core. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** The daemon by itself takes more than the budget, which no pausing can mend. */
  get isTooSmall(): boolean {
    return this.#last !== undefined && this.#last.now - this.#selfWithin >= STEADY;
  }

  /** What to do about a measurement, which is to be made every few seconds. */
  decide(measurement: Measurement): Decision {
    const last = this.#last;
    this.#last = measurement;
    const { now, self, total } = measurement;
    const seconds = last ? (now - last.now) / 1000 : 0;
    this.#update(measurement, seconds);
    if (!last || seconds <= 0) {
      [this.#selfWithin, this.#began] = [now, now];
      this.#selves = [{ at: now, share: 0 }];
      return { pause: [], resume: [] };
    }
    const alone = Math.max(0, self - last.self);
    // What the daemon takes for its start is not to be saved again.
    const isStart = now - this.#began < STEADY;
    const spent = Math.max(0, total - last.total - (isStart ? alone : 0));
    this.#self = mean(this.#self, alone / seconds);
    this.#selves = this.#selves.filter(({ at }) => now - at < STEADY);
    this.#selves.push({ at: now, share: this.#self });
    const steady = Math.min(...this.#selves.map(({ share }) => share));
    const share = Math.max(0, total - last.total - alone) / seconds + steady;
    // A pause is not to be followed by another for what was spent before it.
    this.#total = now - this.#pausedAt > SETTLE ? mean(this.#total, share) : share;
    // Once it is too much it has to be clearly less again.
    if (this.#self <= this.#budget * (this.isTooSmall ? TARGET : 1)) this.#selfWithin = now;
    const most = this.#budget * (this.#waiting.length > 0 ? KEPT.waiting : KEPT.calm);
    const credit = this.#credit + this.#budget * seconds - spent;
    this.#credit = Math.max(-KEPT.waiting * this.#budget, Math.min(most, credit));

    const pause = this.#victims(now);
    for (const name of pause) this.#set(name, { pausedAt: now });
    if (pause.length > 0) this.#pausedAt = now;
    const resume = pause.length > 0 || this.isTooSmall ? [] : this.#returning(now);
    for (const name of resume) this.#set(name, { pausedAt: undefined });
    return { pause, resume };
  }

  /** Those that are paused, the longest first. */
  get #waiting(): [string, Account & { pausedAt: number }][] {
    return [...this.#accounts]
      .flatMap(([name, account]): [string, Account & { pausedAt: number }][] =>
        account.pausedAt === undefined ? [] : [[name, { ...account, pausedAt: account.pausedAt }]],
      )
      .sort(([, a], [, b]) => a.pausedAt - b.pausedAt);
  }

  #update({ now, pods }: Measurement, seconds: number): void {
    for (const name of this.#accounts.keys()) if (!pods.has(name)) this.#accounts.delete(name);
    for (const [name, { cpu, packets: read }] of pods) {
      const known = this.#accounts.get(name) ?? { ...NEW, cpu };
      const runs = cpu !== undefined && now - (known.pausedAt ?? now) >= SETTLE;
      const pausedAt = runs ? undefined : known.pausedAt;
      // What a process has used when it is seen first is the cost of its start.
      const used = pausedAt === undefined && seconds > 0 ? growth(known.cpu, cpu) : undefined;
      const share = used === undefined ? known.share : mean(known.share, used / seconds);
      const packets = share < LEAST ? undefined : read();
      const came = growth(known.packets, packets);
      const packetRate =
        came === undefined ? known.packetRate : mean(known.packetRate, came / seconds);
      const packetRateThen = pausedAt === undefined ? packetRate : known.packetRateThen;
      const account = { cpu, packets, share, packetRate, packetRateThen, pausedAt };
      this.#accounts.set(name, account);
    }
  }

  #victims(now: number): string[] {
    const running = [...this.#accounts].filter(([, { pausedAt }]) => pausedAt === undefined);
    if (this.isTooSmall) return running.map(([name]) => name);
    if (now - this.#pausedAt < SETTLE) return [];
    const excess = this.#total - this.#budget;
    const over = excess > 0 && this.#credit < excess * ENDING;
    const [longest] = this.#waiting;
    const dark = longest !== undefined && now - longest[1].pausedAt >= DARK;
    if (!over && !dark) return [];
    let save = this.#total - this.#budget * (dark ? TARGET : 1);
    const victims = [];
    for (const [name, { share, cpu }] of running.sort(([, a], [, b]) => b.share - a.share)) {
      if (save <= 0 || share < LEAST) break;
      if (cpu === undefined) continue;
      victims.push(name);
      save -= share;
    }
    return victims;
  }

  /** At most one at a time: those whose cost fits, else who has waited longest, for a turn. */
  #returning(now: number): string[] {
    this.#resumed = this.#resumed.filter(({ at }) => now - at < SETTLE);
    const expected = this.#resumed.reduce((sum, { share }) => sum + share, this.#total);
    const waiting = this.#waiting
      .filter(([, { pausedAt, cpu }]) => cpu === undefined && now - pausedAt >= SETTLE)
      .map(([name, account]) => ({ name, share: estimate(account) }));
    const room = TARGET * this.#budget - expected;
    const fits = waiting.find(({ share }) => share <= room);
    const [longest] = this.#resumed.length === 0 ? waiting : [];
    const next = fits ?? longest;
    if (!next) return [];
    const turn = START + Math.max(0, next.share - room) * TURN;
    if (this.#credit < Math.min(turn, KEPT.waiting * this.#budget)) return [];
    this.#resumed.push({ at: now, share: next.share });
    return [next.name];
  }

  #set(name: string, change: Partial<Account>): void {
    const account = this.#accounts.get(name);
    if (account) this.#accounts.set(name, { ...account, ...change });
  }
}

const NEW = {
  share: 0,
  packets: undefined,
  packetRate: 0,
  packetRateThen: 0,
  pausedAt: undefined,
};

/** What its capture would cost now: that of fewer packets costs less. */
function estimate({ share, packetRate, packetRateThen }: Account): number {
  return packetRateThen > 0 ? share * Math.min(1, packetRate / packetRateThen) : share;
}

/** Of the last seconds, the latest measurement being half of it. */
function mean(before: number, now: number): number {
  return (before + now) / 2;
}

function growth(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined ? undefined : Math.max(0, now - before);
}
