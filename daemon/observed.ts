import { SessionError } from '../lib/iftop/process.ts';
import { Ledger } from '../lib/flows/window.ts';
import type { Closed, Counters, LocalPod, Log, Netns, Window } from '../lib/model.ts';
import { NetnsGoneError } from '../lib/netns/enter.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import type { Troubles } from './log.ts';
import { Overload } from './overload.ts';

export interface ObservedOptions extends CaptureOptions {
  readonly log: Log;
  readonly troubles: Troubles;
  readonly unparsed: (pod: LocalPod, lines: number) => void;
  /** A capture has ended by itself and will be started again. */
  readonly restarted: () => void;
}

interface Known {
  readonly told: Closed['told'];
  /** It lived before it was to be observed: what passed then is not to be counted. */
  readonly wasOff: boolean;
}

const BACKOFF = { first: 250, most: 30_000 };
/** A capture that has lasted this long was a success. */
const PROVEN = 60_000;
/**
 * A pod that is new, or is being deleted, may lose its interface at any moment, and what it had
 * counted since it was read last. To read it takes some 40 us.
 */
const LOOK_EVERY = 200;
const NEW = 60_000;
/** A turn within CPU_BUDGET is shorter: a capture that has run for so long is not paused any more. */
const RESUMED = 60_000;
const PAUSED = 'its capture is paused for CPU_BUDGET: what passes meanwhile is in the totals only';

/** One pod of this node: its ledger, and its captures one after the other. */
export class Observed {
  pod: LocalPod;
  /** What the API has told of it: before it does `pod` has nothing but the UID of its cgroup. */
  told: Known['told'];
  readonly wasOff: boolean;
  readonly #options: ObservedOptions;
  readonly #ledger = new Ledger(Date.now());
  /** When we first heard of it, by `performance.now()`. */
  readonly since = performance.now();
  readonly #overload = new Overload();
  #capture: Capture | undefined;
  /** The last one, by which the counters can be read when none runs. */
  #last: Capture | undefined;
  #looking: NodeJS.Timeout | undefined;
  #failures = 0;
  /** No capture is started before, by `performance.now()`. */
  #notBefore = 0;
  /** It is no pod to observe any more; it stays until its last window is closed. */
  #gone = false;
  #finished = false;
  #paused = false;

  constructor(pod: LocalPod, { told, wasOff }: Known, options: ObservedOptions) {
    this.pod = pod;
    this.told = told;
    this.wasOff = wasOff;
    this.#options = options;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The last window of a pod that is gone has been closed. */
  get finished(): boolean {
    return this.#finished;
  }

  get capture(): Capture | undefined {
    return this.#capture;
  }

  /** Overloaded is one whose iftop cannot follow it, be it running or stopped for that; paused is for CPU_BUDGET. */
  get state(): 'waiting' | 'starting' | 'running' | 'overloaded' | 'paused' {
    if (this.#paused) return 'paused';
    if (this.#overload.isOn) return 'overloaded';
    if (!this.#capture) return 'waiting';
    return this.#capture.pid === undefined ? 'starting' : 'running';
  }

  /** Whether a capture is to be started now. */
  get waits(): boolean {
    return !this.#gone && !this.#paused && !this.#capture && this.#notBefore <= performance.now();
  }

  /** The process by which its namespace is reached has gone. */
  get isLost(): boolean {
    return !this.#gone && (this.#last?.isLost ?? false);
  }

  /** Another process of the pod will do as well; without any, the namespace is a dead one. */
  moveTo(pids: readonly number[]): void {
    if (this.#last?.moveTo(pids) !== false || this.#capture) return;
    this.#last = undefined;
    // It may have been given another one, which only a capture finds; to pause that is a matter of seconds.
    this.#paused = false;
  }

  /** The counters of its interface now, if they can be read: they may be the last of it, so they are kept. */
  counters(): Counters | undefined {
    const counters = this.#last?.counters();
    this.#ledger.look(counters);
    return counters;
  }

  /** Ends its capture with a last slot, until `resume`; its totals go on. */
  pause(): void {
    this.#paused = true;
    this.#ledger.pause();
    this.#options.troubles.say(`${nameOf(this.pod)} budget`, PAUSED, identity(this.pod));
    this.#capture?.stop();
  }

  /** It may be captured again: at once, where the namespace is known. */
  resume(): void {
    this.#paused = false;
    if (this.waits && this.#last && !this.#last.isLost) this.start(this.#last.netns, false);
  }

  /** The API tells of it, for the first time or again. */
  tell(pod: LocalPod): void {
    // Of one that was gone nothing is remembered that had it paused.
    if (this.#gone) this.#paused = false;
    if (nameOf(pod) !== nameOf(this.pod)) this.#forgive();
    [this.pod, this.told, this.#gone, this.#finished] = [pod, 'wanted', false, false];
    if (pod.terminating) this.#lookOften();
  }

  /** `isNew`: its interface was made while we watched, so all that it counted is to be accounted for. */
  start(netns: Netns, isNew: boolean): void {
    const { log, unparsed } = this.#options;
    const capture: Capture = new Capture(this.pod, netns, this.#ledger, {
      ...this.#options,
      strained: () => this.#strained(),
      // The API may tell who it is only now.
      unparsed: (lines) => unparsed(this.pod, lines),
      frame: (lines) => log.debug({ ...identity(this.pod), lines }, 'frame'),
      began: () => log.debug({ ...identity(this.pod), pid: capture.pid }, 'capture started'),
    });
    this.#ledger.begin(capture.counters(), isNew);
    [this.#capture, this.#last] = [capture, capture];
    if (isNew || this.pod.terminating) this.#lookOften();
    capture.done.then(
      () => this.#ended(capture, undefined),
      (error: Error) => this.#ended(capture, error),
    );
  }

  /** It is not to be observed any more; its capture ends with a last slot. */
  remove(): void {
    this.#gone = true;
    if (this.#capture) this.#capture.stop();
    else {
      this.#ledger.released(this.counters());
      this.#last = undefined;
    }
    this.#forgive();
  }

  turn(at: number): void {
    this.#finished = this.#gone && !this.#capture;
    const { started = Infinity } = this.#capture ?? {};
    const running = performance.now() - started;
    if (running > PROVEN) this.#options.troubles.over(nameOf(this.pod));
    if (this.#overload.settle(performance.now(), this.#capture?.started)) {
      this.#ledger.overloaded = false;
      this.#options.troubles.over(`${nameOf(this.pod)} overload`);
    }
    if (!this.#paused && running > RESUMED)
      this.#options.troubles.over(`${nameOf(this.pod)} budget`);
    this.#ledger.turn(at, this.counters());
  }

  /** The window that ended at a moment, although slots that span its end may still come. */
  ended(at: number): Window | undefined {
    return this.#ledger.ended(at);
  }

  /** Closes its oldest window, if it has ended, and not after `at`. */
  close(at = Infinity): Window | undefined {
    return this.#ledger.close(at);
  }

  /** The counters, often, for as long as this may be the last time; a capture need not run for that. */
  #lookOften(): void {
    this.#looking ??= setInterval(() => {
      const isNew = performance.now() - this.since < NEW;
      if (this.#last && (isNew || this.pod.terminating)) {
        this.counters();
        return;
      }
      clearInterval(this.#looking);
      this.#looking = undefined;
    }, LOOK_EVERY).unref();
  }

  /** No trouble with it goes on. */
  #forgive(): void {
    const name = nameOf(this.pod);
    for (const subject of [name, `${name} overload`, `${name} budget`])
      this.#options.troubles.over(subject);
  }

  #strained(): void {
    const { pod } = this;
    if (this.#gone) return;
    this.#overload.strained(performance.now());
    this.#ledger.overloaded = true;
    const what = 'iftop is at its limits with this pod: what it misses is in the totals only';
    this.#options.troubles.say(`${nameOf(pod)} overload`, what, identity(pod));
  }

  #ended({ created, isStopping }: Capture, error: Error | undefined): void {
    const { troubles, log, restarted } = this.#options;
    this.#capture = undefined;
    const who = identity(this.pod);
    // However a capture ends that was to end, it is no trouble.
    if (!error || this.#gone || isStopping || error instanceof NetnsGoneError) {
      log.debug({ ...who, error: error?.message }, 'capture ended');
      if (this.#paused) this.#ledger.pause();
      else this.#last = undefined;
      return;
    }
    if (error instanceof SessionError && error.code === 'ERR_SESSION_OVERLOADED') {
      this.#strained();
      const pause = this.#overload.stopped(performance.now());
      this.#notBefore = performance.now() + pause;
      log.debug({ ...who, pause }, 'capture stopped: it was overloaded');
      return;
    }
    restarted();
    this.#failures = performance.now() - created > PROVEN ? 1 : this.#failures + 1;
    const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** (this.#failures - 1));
    this.#notBefore = performance.now() + backoff;
    const subject = nameOf(this.pod);
    troubles.say(subject, 'capture failed; it is tried again', { ...who, error: error.message });
  }
}

/** What troubles with a pod are filed under. */
export function nameOf(pod: LocalPod): string {
  return `${pod.namespace}/${pod.name}`;
}

/** What a log line about a pod says of it. */
export function identity({ namespace, name }: LocalPod): { namespace: string; pod: string } {
  return { namespace, pod: name };
}
