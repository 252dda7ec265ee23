import { setImmediate } from 'node:timers/promises';
import {
  BpfError,
  type CountedInterface,
  FlowCounter,
  type FlowCounterOptions,
} from '../bpf/flow-counter.ts';
import type { PodCount } from '../bpf/records.ts';
import { CONDITIONS } from '../conditions.ts';
import type { DeclaredPorts } from '../kubernetes/declared-ports.ts';
import type { Netns, ProblemLog } from '../model.ts';
import { RetryPolicy } from './retry-policy.ts';

/** What the helper process does for the sources. */
export type Counter = Pick<
  FlowCounter,
  'pid' | 'ended' | 'attach' | 'detach' | 'declare' | 'drain' | 'kill'
>;

export interface BpfNodeOptions {
  readonly problems: ProblemLog;
  /** Undefined if flows are to have no port. */
  readonly ports?: DeclaredPorts | undefined;
  /** The signal gives up what is being started. */
  readonly startCounter?: (options: FlowCounterOptions, signal: AbortSignal) => Promise<Counter>;
}

/** The source of an interface that is counted. */
export interface DrainListener {
  /** The interface is about to be attached. */
  attaching(): void;
  /** From now on drains have what is counted at the interface. */
  attached(counted: CountedInterface): void;
  /** The counts are about to be drained. */
  preparing(): void;
  /** What was counted since the last drain, until `at` of `performance.now()`; undefined if nothing. */
  drained(at: number, count: PodCount | undefined): void;
}

/**
 * Room for the flows of a window: 10 MB of the kernel's memory. A quarter of it for one pod: a row for each of 8192
 * peers is more than PEERS_PER_POD allows, and what finds no room is counted as the pod's remainder.
 */
const ROOM = { flows: 32_768, flowsPerPod: 8192 };
/**
 * Milliseconds, a little more than a usual window. So longer ones do not fill the maps, and the end of the helper costs no
 * more.
 */
const DRAIN_EVERY = 16_000;
/** The same while somebody watches: as often as iftop reports. */
const WATCHED_EVERY = 2000;
/** Milliseconds. A helper that has run for so long was a success. */
const PROVEN = 60_000;

/** The helper that counts for all sources of the node has ended, or does not start. The log has said so. */
export class HelperError extends Error {
  readonly code = 'ERR_HELPER';
}

/** The one helper process of the node: starts it when it is needed, again when it has ended, and drains it for all sources. */
export class BpfNode {
  readonly #problems: ProblemLog;
  readonly #ports: DeclaredPorts | undefined;
  readonly #startCounter: NonNullable<BpfNodeOptions['startCounter']>;
  readonly #retry = new RetryPolicy();
  readonly #listeners = new Map<CountedInterface, DrainListener>();
  readonly #attaching = new Set<Promise<CountedInterface>>();
  #timer: NodeJS.Timeout;
  #counter: Counter | undefined;
  #starting: Promise<Counter> | undefined;
  #startedAt = 0;
  #starts = 0;
  #draining: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #drainedAt = 0;
  readonly #ending = new AbortController();

  constructor({ problems, ports, startCounter = startHelper }: BpfNodeOptions) {
    [this.#problems, this.#ports, this.#startCounter] = [problems, ports, startCounter];
    this.#timer = this.#every(DRAIN_EVERY);
  }

  /** The helper, while it runs. */
  get pid(): number | undefined {
    return this.#counter?.pid;
  }

  /** How often the helper was started again. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** When the helper was last drained, by `performance.now()`. */
  get drainedAt(): number {
    return this.#drainedAt;
  }

  /**
   * Counts an interface from now on, for a listener.
   * @throws BpfError if that cannot be, HelperError if there is no helper
   */
  async attach(netns: Netns, iface: string, listener: DrainListener): Promise<CountedInterface> {
    const counter = await this.#running();
    listener.attaching();
    const attached = counter.attach(netns, iface);
    this.#attaching.add(attached);
    try {
      const counted = await attached;
      this.#listeners.set(counted, listener);
      listener.attached(counted);
      return counted;
    } catch (error) {
      const hasEnded = error instanceof BpfError && error.code === 'ERR_BPF_ENDED';
      throw hasEnded ? new HelperError(error.message) : error;
    } finally {
      this.#attaching.delete(attached);
    }
  }

  /** Ends the count of an interface: it is over when `ended` says so, and the next drain has the rest. */
  detach(counted: CountedInterface): void {
    this.#counter?.detach(counted);
  }

  /** An interface has ended, and has been drained. */
  forget(counted: CountedInterface): void {
    this.#listeners.delete(counted);
  }

  /**
   * Takes all that was counted by now; what has passed since is left to the next drain. Resolves when the listeners have it,
   * to whether they do: false if the helper has ended, or there is none.
   */
  async drain(): Promise<boolean> {
    if (this.#draining) {
      // The drain that is under way may have begun too early for this one.
      this.#next ??= this.#draining.then(async () => {
        this.#next = undefined;
        return this.drain();
      });
      return this.#next;
    }
    this.#draining = this.#drain().finally(() => (this.#draining = undefined));
    return this.#draining;
  }

  /** Whether somebody watches: then it is drained now, and every two seconds. */
  hurry(is: boolean): void {
    if (this.#isEnding) return;
    clearInterval(this.#timer);
    this.#timer = this.#every(is ? WATCHED_EVERY : DRAIN_EVERY);
    if (is) void this.drain();
  }

  /**
   * Resolves when each source has its slot of the window that ends, or has ended. A helper that takes longer than so many
   * milliseconds is given up, so that what it has is known to be missing.
   */
  async drainWindow(patience = Infinity): Promise<void> {
    const timer = Number.isFinite(patience)
      ? setTimeout(() => this.#counter?.kill(), patience)
      : undefined;
    const isDrained = await this.drain();
    clearTimeout(timer);
    // The sources notice in this turn of the loop that there is no helper any more.
    if (!isDrained) await setImmediate();
  }

  /** Ends the helper, or its start. What it has not been drained of is lost. */
  end(): void {
    this.#ending.abort();
    clearInterval(this.#timer);
    this.#counter?.kill();
  }

  #every(milliseconds: number): NodeJS.Timeout {
    return setInterval(() => void this.drain(), milliseconds).unref();
  }

  async #drain(): Promise<boolean> {
    const counter = this.#counter;
    if (!counter) return false;
    // The drain has what these have counted until then.
    await Promise.allSettled(this.#attaching);
    for (const listener of this.#listeners.values()) listener.preparing();
    try {
      const { at, counts } = await counter.drain();
      this.#drainedAt = at;
      if (!this.#isEnding) this.#timer.refresh();
      for (const [counted, listener] of this.#listeners) listener.drained(at, counts.get(counted));
    } catch (error) {
      // Why it has ended is reported where that is noticed.
      if (error instanceof BpfError) return false;
      throw error;
    }
    if (performance.now() - this.#startedAt > PROVEN) this.#proven();
    return true;
  }

  async #running(): Promise<Counter> {
    if (this.#counter) return this.#counter;
    if (this.#isEnding || !this.#retry.isDue) throw new HelperError('there is no helper yet');
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async #start(): Promise<Counter> {
    try {
      const room = { ...ROOM, ports: this.#ports !== undefined };
      const counter = await this.#startCounter(room, this.#ending.signal);
      // It may have been ready just before.
      if (this.#isEnding) counter.kill();
      this.#ports?.listen((...declared) => counter.declare(...declared));
      this.#counter = counter;
      this.#startedAt = this.#drainedAt = performance.now();
      this.#starts += 1;
      this.#problems.resolve('helper start');
      void counter.ended.then((why) => this.#ended(why));
      return counter;
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      if (this.#isEnding) throw new HelperError(error.message);
      this.#retry.ended('failed');
      const fields = { error: error.message };
      this.#problems.report('helper start', CONDITIONS.countingImpossible, fields);
      throw new HelperError(error.message);
    }
  }

  #ended(why: string): void {
    this.#counter = undefined;
    this.#listeners.clear();
    if (this.#isEnding) return;
    this.#retry.ended('failed');
    this.#problems.report('helper end', CONDITIONS.helperEnded, { error: why });
  }

  #proven(): void {
    this.#retry.reset('failed');
    this.#problems.resolve('helper end');
  }
}

async function startHelper(options: FlowCounterOptions, signal: AbortSignal): Promise<Counter> {
  return FlowCounter.start(options, signal);
}
