import { SessionError } from '../lib/iftop/process.ts';
import { Ledger } from '../lib/flows/window.ts';
import type { Counters, LocalPod, Log, Netns, Window } from '../lib/model.ts';
import { UNUSED } from '../lib/netns/counters.ts';
import { NetnsGoneError } from '../lib/netns/enter.ts';
import { Backoff } from './backoff.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import { identity, subjectOf } from './identity.ts';
import type { Troubles } from './log.ts';
import { Overload } from './overload.ts';

export interface ObservedOptions extends CaptureOptions {
  readonly log: Log;
  readonly troubles: Troubles;
  readonly unparsed: (pod: LocalPod, lines: number) => void;
  /** A capture has ended by itself and will be started again. */
  readonly restarted: () => void;
}

/** The pod that an interface belongs to. */
export interface Owner {
  readonly pod: LocalPod;
  readonly gone: boolean;
  /** When we first heard of it, by `performance.now()`. */
  readonly since: number;
  /** The namespace, or the process by which it was reached, is none of the pod any more. */
  left(): void;
}

/** What it tells of what it meets with. */
export interface Events {
  /** The text of /proc/net/dev was read in its namespace. */
  seen(netDev: string): void;
  /** The interface that was captured is not there any more. */
  changed(): void;
  /** iftop cannot capture this interface, for that reason. */
  refused(iface: ObservedInterface, reason: string): void;
}

/** What is known of an interface when its capture is begun. */
interface Found {
  readonly index: number | undefined;
  /** It was made while we watched, so all that it counted is to be accounted for. */
  readonly isNew: boolean;
  /** What it has counted, if that has been read. */
  readonly counters: Counters | undefined;
}

/** Waiting and unavailable are those without a capture, for a moment or for good. */
export type State = 'waiting' | 'starting' | 'running' | 'overloaded' | 'paused' | 'unavailable';

const BACKOFF = { first: 250, most: 30_000 };
/** What iftop cannot capture it seldom can a little later, unless the interfaces of the pod change. */
const REFUSED = { first: 1000, most: 600_000 };
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

/** One interface of a pod: its ledger, and its captures one after the other. */
export class ObservedInterface {
  /** As it is called in the pod. */
  readonly name: string;
  readonly #owner: Owner;
  readonly #events: Events;
  readonly #options: ObservedOptions;
  readonly #ledger = new Ledger(Date.now());
  readonly #overload = new Overload();
  /** By which the kernel tells it from another one of its name; undefined if that is not known. */
  #index: number | undefined;
  #capture: Capture | undefined;
  /** The last one, by which the counters can be read when none runs. */
  #last: Capture | undefined;
  #hasRun = false;
  #looking: NodeJS.Timeout | undefined;
  readonly #failures = new Backoff(BACKOFF);
  readonly #refusals = new Backoff(REFUSED);
  /** For its overload no capture is started before, by `performance.now()`. */
  #notBefore = 0;
  /** It is not there, or not what carries the pod; it stays until its last window is closed. */
  #retired = false;
  #ended = false;
  #paused = false;

  constructor(name: string, owner: Owner, events: Events, options: ObservedOptions) {
    this.name = name;
    this.#owner = owner;
    this.#events = events;
    this.#options = options;
  }

  get index(): number | undefined {
    return this.#index;
  }

  get retired(): boolean {
    return this.#retired;
  }

  /** All windows have been closed that it will ever have. */
  get finished(): boolean {
    return this.#ended && !this.#ledger.isOpen;
  }

  get capture(): Capture | undefined {
    return this.#capture;
  }

  /** It has been captured. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Overloaded is one whose iftop cannot follow it, be it running or stopped for that; paused is for CPU_BUDGET. */
  get state(): State {
    if (this.#paused) return 'paused';
    if (this.#overload.isOn) return 'overloaded';
    if (this.#capture?.pid !== undefined) return 'running';
    if (this.#refusals.hasFailed) return 'unavailable';
    return this.#capture ? 'starting' : 'waiting';
  }

  /** Whether a capture is to be started now. */
  get waits(): boolean {
    const isWanted = !this.#owner.gone && !this.#retired && !this.#paused;
    const isDue = this.#notBefore <= performance.now();
    return isWanted && !this.#capture && isDue && this.#failures.isOver && this.#refusals.isOver;
  }

  /** Another process of the pod will do as well; without any, the namespace is a dead one. */
  moveTo(pids: readonly number[]): void {
    if (this.#last?.moveTo(pids) !== false || this.#capture) return;
    this.#last = undefined;
    // It may have been given another one, which only a capture finds; to pause that is a matter of seconds.
    this.#paused = false;
  }

  /** The counters of it now, if they can be read: they may be the last of it, so they are kept. */
  counters(): Counters | undefined {
    const counters = this.#last?.counters();
    this.#ledger.look(counters);
    return counters;
  }

  /** Ends its capture with a last slot, until `resume`; its totals go on. */
  pause(): void {
    this.#paused = true;
    this.#ledger.pause();
    this.#options.troubles.say(`${this.#subject} budget`, PAUSED, this.#identity);
    this.#capture?.stop();
  }

  /** It may be captured again: at once, where the namespace is known. */
  resume(): void {
    this.#paused = false;
    const known = { index: this.#index, isNew: false, counters: undefined };
    if (this.waits && this.#last) this.start(this.#last.netns, known);
  }

  /** Nothing is remembered that had it paused, or kept from being captured. */
  forget(): void {
    this.#paused = false;
    this.retry();
  }

  /** What iftop has refused it may take now. */
  retry(): void {
    this.#refusals.end();
  }

  /** The pod is being deleted. */
  terminating(): void {
    this.#lookOften();
  }

  start(netns: Netns, { index, isNew, counters }: Found): void {
    const { log, unparsed } = this.#options;
    const owner = this.#owner;
    const pod = () => owner.pod;
    const capture: Capture = new Capture(pod, netns, this.name, this.#ledger, {
      ...this.#options,
      strained: () => this.#strained(),
      // The API may tell who it is only now.
      unparsed: (lines) => unparsed(owner.pod, lines),
      seen: (netDev) => this.#events.seen(netDev),
      frame: (lines) => log.debug({ ...this.#identity, lines }, 'frame'),
      began: () => {
        this.#hasRun = true;
        this.#refusals.reset();
        log.debug({ ...this.#identity, pid: capture.pid }, 'capture started');
      },
    });
    [this.#index, this.#retired, this.#ended] = [index, false, false];
    this.#ledger.begin(counters ?? capture.counters(), isNew);
    [this.#capture, this.#last] = [capture, capture];
    if (isNew || owner.pod.terminating) this.#lookOften();
    capture.done.then(
      () => this.#end(capture, undefined),
      (error: Error) => this.#end(capture, error),
    );
  }

  /** It has gone, or something else carries the pod; its capture ends with a last slot. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#capture) this.#capture.stop();
    else this.#vanish();
    this.forgive();
  }

  /** The pod is not to be observed any more; its capture ends with a last slot. */
  remove(): void {
    if (this.#capture) this.#capture.stop();
    else {
      this.#ledger.released(this.counters());
      this.#last = undefined;
    }
    this.forgive();
  }

  turn(at: number): void {
    this.#ended = (this.#owner.gone || this.#retired) && !this.#capture;
    const { started = Infinity } = this.#capture ?? {};
    const running = performance.now() - started;
    if (running > PROVEN) this.#options.troubles.over(this.#subject);
    if (this.#overload.settle(performance.now(), this.#capture?.started)) {
      this.#ledger.overloaded = false;
      this.#options.troubles.over(`${this.#subject} overload`);
    }
    if (!this.#paused && running > RESUMED) this.#options.troubles.over(`${this.#subject} budget`);
    this.#ledger.turn(at, this.counters());
  }

  close(): Window | undefined {
    return this.#ledger.close();
  }

  /** No trouble with it goes on. */
  forgive(): void {
    for (const kind of ['', ' overload', ' budget'])
      this.#options.troubles.over(`${this.#subject}${kind}`);
  }

  get #subject(): string {
    return subjectOf(this.#owner.pod, this.name);
  }

  get #identity() {
    return { ...identity(this.#owner.pod), interface: this.name };
  }

  /** The counters, often, for as long as this may be the last time; a capture need not run for that. */
  #lookOften(): void {
    this.#looking ??= setInterval(() => {
      const { pod, since } = this.#owner;
      const isNew = performance.now() - since < NEW;
      if (this.#last && (isNew || pod.terminating)) {
        this.counters();
        return;
      }
      clearInterval(this.#looking);
      this.#looking = undefined;
    }, LOOK_EVERY).unref();
  }

  /** Another one of its name, should there ever be one, will count from nothing. */
  #vanish(): void {
    this.#last = undefined;
    this.#ledger.look(UNUSED);
  }

  #strained(): void {
    if (this.#owner.gone) return;
    this.#overload.strained(performance.now());
    this.#ledger.overloaded = true;
    const what = 'iftop is at its limits with this pod: what it misses is in the totals only';
    this.#options.troubles.say(`${this.#subject} overload`, what, this.#identity);
  }

  #end({ created, isStopping }: Capture, error: Error | undefined): void {
    const { log, restarted, troubles } = this.#options;
    this.#capture = undefined;
    if (this.#retired) this.#vanish();
    const code = error instanceof SessionError ? error.code : undefined;
    const isGone = code === 'ERR_SESSION_LOST' || error instanceof NetnsGoneError;
    // However a capture ends that was to end, it is no trouble.
    if (!error || this.#owner.gone || isStopping || isGone) {
      log.debug({ ...this.#identity, error: error?.message }, 'capture ended');
      if (this.#paused) this.#ledger.pause();
      else this.#last = undefined;
      if (code === 'ERR_SESSION_LOST') this.#events.changed();
      if (error instanceof NetnsGoneError && !isStopping) this.#owner.left();
      return;
    }
    if (code === 'ERR_SESSION_OVERLOADED') {
      this.#strained();
      const pause = this.#overload.stopped(performance.now());
      this.#notBefore = performance.now() + pause;
      log.debug({ ...this.#identity, pause }, 'capture stopped: it was overloaded');
      return;
    }
    if (code === 'ERR_SESSION_INTERFACE') {
      this.#refusals.failed();
      this.#events.refused(this, error.message);
      return;
    }
    restarted();
    if (performance.now() - created > PROVEN) this.#failures.reset();
    this.#failures.failed();
    const what = 'capture failed; it is tried again';
    troubles.say(this.#subject, what, { ...this.#identity, error: error.message });
  }
}
