import { CpuBudget } from '../../lib/capture/cpu-budget.ts';

/** What is a number, or changes with the seconds since the start. */
type Changing = number | ((second: number) => number);

export interface Workload {
  /** Shares of a core that captures take while they run, or undefined while there is no such pod. */
  readonly pods: { readonly [name: string]: Changing | ((second: number) => number | undefined) };
  /** A share of a core. */
  readonly budget?: number;
  /** The share that the daemon takes, and what it takes more for each capture that runs. */
  readonly daemon?: Changing;
  readonly handling?: number;
  /** CPU seconds of a new process, the daemon's as many again, and how long a start takes. */
  readonly start?: { readonly cpu: number; readonly seconds: number };
}

interface Capture {
  state: 'queued' | 'starting' | 'running' | 'ending';
  since: number;
  cpu: number;
}

const STEP = 0.1;
const MEASURED_EVERY = 2;
/** Seconds in which a capture that is to end goes on. */
const ENDING = 2.5;
/** So many captures are started at once. */
const STARTS = 4;
/** What counts is what is taken after the start. */
const SETTLED = 30;
/** /proc counts hundredths of a second. */
const TICK = 0.01;

/** A node whose budget decides about its captures, in time that is simulated. */
export class SimulatedNode {
  readonly budget: CpuBudget<string>;
  /** How often each pod was paused, and the longest time it was without a capture then. */
  readonly pauses: { [name: string]: number } = {};
  readonly dark: { [name: string]: number } = {};
  readonly #workload: Required<Workload>;
  readonly #captures = new Map<string, Capture>();
  readonly #paused = new Map<string, number>();
  /** CPU seconds of all together, after each step. */
  readonly #totals: number[] = [];
  #self = 0;
  #waitedFor = 0;
  #measured = 0;
  #started = 0;

  constructor(workload: Workload) {
    const start = { cpu: 0.02, seconds: 0.2 };
    const defaults = { budget: 0.05, daemon: 0.008, handling: 0.0002, start };
    this.#workload = { ...defaults, ...workload };
    this.budget = new CpuBudget(this.#workload.budget);
  }

  get running(): string[] {
    return [...this.#captures].filter(([, { state }]) => state === 'running').map(([name]) => name);
  }

  /** Those that have been paused ever. */
  get everPaused(): string[] {
    return Object.keys(this.pauses);
  }

  run(seconds: number): this {
    const until = this.#now + seconds;
    while (this.#now < until) this.#step();
    return this;
  }

  /** The highest share that was taken in any stretch of so many seconds. */
  worst(seconds: number, from = SETTLED): number {
    const length = Math.round(seconds / STEP);
    const shares = this.#totals
      .slice(0, -length)
      .map((total, index) => ((this.#totals[index + length] ?? 0) - total) / seconds);
    return Math.max(...shares.slice(Math.round(from / STEP)));
  }

  /** The share that was taken in the mean since a moment. */
  mean(from = SETTLED): number {
    const before = this.#totals[Math.round(from / STEP)] ?? 0;
    return ((this.#totals.at(-1) ?? 0) - before) / (this.#now - from);
  }

  get #now(): number {
    return this.#totals.length * STEP;
  }

  #step(): void {
    const now = this.#now;
    const { pods, daemon, handling } = this.#workload;
    this.#self += at(daemon, now) * STEP;
    for (const [name, changing] of Object.entries(pods)) {
      const share = at(changing, now);
      if (share === undefined) {
        this.#end(name);
        continue;
      }
      const capture = this.#captures.get(name);
      if (!capture && !this.#paused.has(name)) this.#create(name);
      if (capture) this.#advance(name, capture, share);
      if (capture && hasProcess(capture)) this.#self += handling * STEP;
    }
    const live = [...this.#captures.values()].reduce((sum, { cpu }) => sum + cpu, 0);
    this.#totals.push(this.#self + this.#waitedFor + live);
    if (now - this.#measured >= MEASURED_EVERY) this.#measure();
  }

  #create(name: string): void {
    this.#captures.set(name, { state: 'queued', since: this.#now, cpu: 0 });
  }

  #advance(name: string, capture: Capture, share: number): void {
    const { start } = this.#workload;
    const now = this.#now;
    if (capture.state === 'queued') {
      const all = [...this.#captures.values()];
      if (all.filter(({ state }) => state === 'starting').length >= STARTS) return;
      [capture.state, capture.since] = ['starting', now];
      this.#self += start.cpu;
    } else if (capture.state === 'starting' && now - capture.since >= start.seconds) {
      [capture.state, capture.since] = ['running', now];
      // No two processes have their ticks at the same time.
      this.#started += 1;
      capture.cpu += start.cpu + ((this.#started * 0.618) % 1) * TICK;
    } else if (hasProcess(capture)) {
      capture.cpu += share * STEP;
      if (capture.state === 'ending' && now - capture.since >= ENDING) this.#reap(name, capture);
    }
  }

  #end(name: string): void {
    const capture = this.#captures.get(name);
    this.#paused.delete(name);
    if (capture) this.#reap(name, capture);
  }

  #reap(name: string, { cpu }: Capture): void {
    this.#captures.delete(name);
    this.#waitedFor += cpu;
  }

  #measure(): void {
    const now = this.#now;
    this.#measured = now;
    const { pods } = this.#workload;
    const loads = Object.entries(pods).flatMap(([name, share]) => {
      const capture = this.#captures.get(name);
      const cpu = capture && hasProcess(capture) ? ticks(capture.cpu) : undefined;
      const load = { cpu, paused: this.#paused.has(name) };
      return at(share, now) === undefined ? [] : [[name, load] as const];
    });
    const daemon = ticks(this.#self);
    const captures = loads.reduce((sum, [, { cpu = 0 }]) => sum + cpu, ticks(this.#waitedFor));
    const { pause, resume } = this.budget.decide(now, { daemon, captures }, new Map(loads));
    for (const name of pause) this.#pause(name);
    for (const name of resume) {
      const dark = now - (this.#paused.get(name) ?? now);
      this.dark[name] = Math.max(this.dark[name] ?? 0, dark);
      this.#paused.delete(name);
    }
    for (const [name, since] of this.#paused)
      this.dark[name] = Math.max(this.dark[name] ?? 0, now - since);
  }

  #pause(name: string): void {
    const capture = this.#captures.get(name);
    if (!capture || !hasProcess(capture)) throw new Error(`${name} is paused and does not run`);
    [capture.state, capture.since] = ['ending', this.#now];
    this.#paused.set(name, this.#now);
    this.pauses[name] = (this.pauses[name] ?? 0) + 1;
  }
}

function ticks(seconds: number): number {
  return Math.floor(seconds / TICK + 1e-9) * TICK;
}

function hasProcess({ state }: Capture): boolean {
  return state === 'running' || state === 'ending';
}

function at<T>(changing: number | ((second: number) => T), second: number): number | T {
  return typeof changing === 'number' ? changing : changing(second);
}

/** So many pods of one kind. */
export function pods<T>(count: number, share: T, name = 'pod'): { [name: string]: T } {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${name}-${index}`, share]),
  );
}
