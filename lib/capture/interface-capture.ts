import { SessionError } from '../iftop/process.ts';
import { Ledger } from '../accounting/ledger.ts';
import type { Counters, Netns, Window } from '../model.ts';
import { UNUSED } from '../linux/interface-counters.ts';
import { NetnsGoneError } from '../linux/netns-exec.ts';
import { Backoff } from './backoff.ts';
import { Capture } from './capture.ts';
import { InterfaceProblems } from './interface-problems.ts';
import {
  type Events,
  type Found,
  idleState,
  type InterfaceCaptureOptions,
  type Owner,
  type State,
} from './states.ts';
import { Often } from './often.ts';
import { Overload } from './overload.ts';

const BACKOFF = { first: 250, most: 30_000 };
/** What iftop cannot capture it seldom can a little later, unless the interfaces of the pod change. */
const REFUSED = { first: 1000, most: 600_000 };
/** A capture that has lasted this long was a success. */
const PROVEN = 60_000;
/**
 * A pod that is new, or is being deleted, may lose its interface at any moment, and what it had
 * counted since it was read last. To read it takes some 40 us.
 */
const NEW = 60_000;
/** A turn within CPU_BUDGET is shorter: a capture that has run for so long is not paused any more. */
const RESUMED = 60_000;

/** One interface of a pod: its ledger, and its captures one after the other. */
export class InterfaceCapture {
  /** As it is called in the pod. */
  readonly name: string;
  readonly #owner: Owner;
  readonly #events: Events;
  readonly #options: InterfaceCaptureOptions;
  readonly #problems: InterfaceProblems;
  readonly #ledger = new Ledger(Date.now());
  readonly #overload = new Overload();
  readonly #looking = new Often(
    () => this.counters(),
    () => this.#mayVanish,
  );
  /** By which the kernel tells it from another one of its name; undefined if that is not known. */
  #index: number | undefined;
  #capture: Capture | undefined;
  /** The last one, by which the counters can be read when none runs. */
  #last: Capture | undefined;
  #hasRun = false;
  readonly #failures = new Backoff(BACKOFF);
  readonly #refusals = new Backoff(REFUSED);
  /** For its overload no capture is started before, by `performance.now()`. */
  #notBefore = 0;
  /** It is not there, or not what carries the pod; it stays until its last window is closed. */
  #retired = false;
  #ended = false;
  #paused = false;

  constructor(name: string, owner: Owner, events: Events, options: InterfaceCaptureOptions) {
    this.name = name;
    this.#owner = owner;
    this.#events = events;
    this.#options = options;
    this.#problems = new InterfaceProblems(() => owner.pod, name, options.problems);
  }

  get index(): number | undefined {
    return this.#index;
  }

  get retired(): boolean {
    return this.#retired;
  }

  /** All windows have been closed that it will ever have. */
  get finished(): boolean {
    return this.#ended && !this.#ledger.hasUnclosed;
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
    const { pod } = this.#owner;
    if (this.#paused) return 'paused';
    // Its network may have gone for good, whatever befell its last capture.
    if (pod.terminating && !this.#capture) return idleState(pod);
    if (this.#overload.isOn) return 'overloaded';
    if (this.#capture?.pid !== undefined) return 'running';
    if (this.#refusals.hasFailed) return 'unavailable';
    if (this.#capture) return 'starting';
    return this.#failures.hasFailed ? 'waiting' : idleState(pod);
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

  /** The namespace is not its own, nor what was counted, or is to be captured again, in that. */
  leave(): void {
    this.#paused = false;
    if (this.#capture) this.#capture.stop();
    else this.#last = undefined;
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
    this.#problems.say('budget');
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

  /** iftop cannot capture it, and nothing stands in for it. */
  complain(fields: object): void {
    this.#problems.say('refusal', fields);
  }

  /** What iftop has refused it may take now. */
  retry(): void {
    this.#refusals.end();
  }

  /** The pod is being deleted. */
  terminating(): void {
    this.#looking.begin();
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
      frame: (lines) => log.debug({ ...this.#problems.identity, lines }, 'frame'),
      began: () => {
        this.#hasRun = true;
        this.#refusals.reset();
        log.debug({ ...this.#problems.identity, pid: capture.pid }, 'capture started');
      },
    });
    // One that is back is the same by its index; another one of its name counts from nothing.
    const isOther = index === undefined || index !== this.#index;
    if (this.#retired && isOther) this.#ledger.look(UNUSED);
    [this.#index, this.#retired, this.#ended] = [index, false, false];
    this.#ledger.begin(counters ?? capture.counters(), isNew);
    [this.#capture, this.#last] = [capture, capture];
    if (isNew || owner.pod.terminating) this.#looking.begin();
    capture.done.then(
      () => this.#end(capture, undefined),
      (error: Error) => this.#end(capture, error),
    );
  }

  /** It has gone, or something else carries the pod; its capture ends with a last slot. */
  retire(): void {
    if (this.#retired) return;
    [this.#retired, this.#paused] = [true, false];
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
    if (running > PROVEN) this.#problems.over('failure', 'refusal');
    if (this.#overload.settle(performance.now(), this.#capture?.started)) {
      this.#ledger.overloaded = false;
      this.#problems.over('overload');
    }
    if (!this.#paused && running > RESUMED) this.#problems.over('budget');
    this.#ledger.turn(at, this.counters());
  }

  /** The window that ended at a moment as it is by now. */
  ended(at: number): Window | undefined {
    return this.#ledger.ended(at);
  }

  /** Closes its oldest window, if it has ended, and not after `at`. */
  close(at: number): Window | undefined {
    return this.#ledger.close(at);
  }

  /** No trouble with it goes on. */
  forgive(): void {
    this.#problems.over();
  }

  /** Its counters may be the last ones; a capture need not run for that. */
  get #mayVanish(): boolean {
    const { pod, since } = this.#owner;
    const isNew = performance.now() - since < NEW;
    return this.#last !== undefined && (isNew || pod.terminating === true);
  }

  /** Its counters cannot be read any more. */
  #vanish(): void {
    this.#last = undefined;
  }

  #strained(): void {
    if (this.#owner.gone) return;
    this.#overload.strained(performance.now());
    this.#ledger.overloaded = true;
    this.#problems.say('overload');
  }

  #end({ created, isStopping }: Capture, error: Error | undefined): void {
    const { log, restarted } = this.#options;
    this.#capture = undefined;
    if (this.#retired) this.#vanish();
    const code = error instanceof SessionError ? error.code : undefined;
    const isGone = code === 'ERR_SESSION_LOST' || error instanceof NetnsGoneError;
    // However a capture ends that was to end, it is no trouble.
    if (!error || this.#owner.gone || isStopping || isGone) {
      log.debug({ ...this.#problems.identity, error: error?.message }, 'capture ended');
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
      log.debug({ ...this.#problems.identity, pause }, 'capture stopped: it was overloaded');
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
    this.#problems.say('failure', { error: error.message });
  }
}
