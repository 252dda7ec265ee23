import { SessionError } from '../lib/iftop/process.ts';
import { Ledger } from '../lib/flows/window.ts';
import type { LocalPod, Netns, Window } from '../lib/model.ts';
import { NetnsGoneError } from '../lib/netns/enter.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import type { Troubles } from './log.ts';
import { Overload } from './overload.ts';

export interface ObservedOptions extends CaptureOptions {
  readonly troubles: Troubles;
  /** A capture has ended by itself and will be started again. */
  readonly restarted: () => void;
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

/** One pod of this node: its ledger, and its captures one after the other. */
export class Observed {
  pod: LocalPod;
  /** What the API has told of it: before it does `pod` has nothing but the UID of its cgroup. */
  told: 'nothing' | 'wanted' | 'unwanted';
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
  #notBefore = 0;
  /** It is no pod to observe any more; it stays until its last window is closed. */
  #gone = false;
  #finished = false;

  constructor(pod: LocalPod, told: Observed['told'], options: ObservedOptions) {
    this.pod = pod;
    this.told = told;
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

  /** Overloaded is one whose iftop cannot follow it, be it running or stopped for that. */
  get state(): 'waiting' | 'starting' | 'running' | 'overloaded' {
    if (this.#overload.isOn) return 'overloaded';
    if (!this.#capture) return 'waiting';
    return this.#capture.pid === undefined ? 'starting' : 'running';
  }

  /** Whether a capture is to be started now. */
  get waits(): boolean {
    return !this.#gone && !this.#capture && this.#notBefore <= Date.now();
  }

  /** The API tells of it, for the first time or again. */
  tell(pod: LocalPod): void {
    [this.pod, this.told, this.#gone] = [pod, 'wanted', false];
    if (pod.terminating && this.#capture) this.#lookOften();
  }

  /** `isNew`: its interface was made while we watched, so all that it counted is to be accounted for. */
  start(netns: Netns, isNew: boolean): void {
    const strained = () => this.#strained();
    const capture = new Capture(this.pod, netns, this.#ledger, { ...this.#options, strained });
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
    this.#capture?.stop();
    this.#options.troubles.over(nameOf(this.pod));
    this.#options.troubles.over(`${nameOf(this.pod)} overload`);
  }

  turn(at: number): void {
    this.#finished = this.#gone && !this.#capture;
    if (this.#overload.settle(Date.now(), this.#capture?.started)) {
      this.#ledger.overloaded = false;
      this.#options.troubles.over(`${nameOf(this.pod)} overload`);
      this.#options.log.info(identity(this.pod), 'iftop can follow the pod again');
    }
    this.#ledger.turn(at, this.#last?.counters());
  }

  close(): Window | undefined {
    return this.#ledger.close();
  }

  /** The counters, often, for as long as this may be the last time. */
  #lookOften(): void {
    this.#looking ??= setInterval(() => {
      const isNew = performance.now() - this.since < NEW;
      if (this.#capture && (isNew || this.pod.terminating)) {
        this.#ledger.look(this.#capture.counters());
        return;
      }
      clearInterval(this.#looking);
      this.#looking = undefined;
    }, LOOK_EVERY).unref();
  }

  #strained(): void {
    const { pod } = this;
    if (this.#gone) return;
    this.#overload.strained(Date.now());
    this.#ledger.overloaded = true;
    const what = 'iftop is at its limits with this pod: what it misses is in the totals only';
    this.#options.troubles.say(`${nameOf(pod)} overload`, what, identity(pod));
  }

  #ended({ created }: Capture, error: Error | undefined): void {
    const { troubles, log, restarted } = this.#options;
    this.#capture = undefined;
    const who = identity(this.pod);
    // However the capture of a pod ends that has gone, it is no trouble.
    if (!error || this.#gone || error instanceof NetnsGoneError) {
      log.debug({ ...who, error: error?.message }, 'capture ended');
      this.#last = undefined;
      return;
    }
    if (error instanceof SessionError && error.code === 'ERR_SESSION_OVERLOADED') {
      this.#strained();
      const pause = this.#overload.stopped(Date.now());
      this.#notBefore = Date.now() + pause;
      log.debug({ ...who, pause }, 'capture stopped: it was overloaded');
      return;
    }
    restarted();
    this.#failures = Date.now() - created > PROVEN ? 1 : this.#failures + 1;
    const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** (this.#failures - 1));
    this.#notBefore = Date.now() + backoff;
    const subject = nameOf(this.pod);
    if (this.#failures === 1) troubles.over(subject);
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
