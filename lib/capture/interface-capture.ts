import type { WindowLedger } from '../accounting/window-ledger.ts';
import type { Counters, Netns } from '../model.ts';
import { UNUSED } from '../linux/interface-counters.ts';
import {
  type CaptureEvent,
  type CaptureState,
  nextState,
  type ReportedState,
  reportedState,
} from './capture-state.ts';
import { CounterReader } from './counter-reader.ts';
import type {
  CaptureListener,
  Found,
  InterfaceCaptureOptions,
  Owner,
} from './interface-capture-types.ts';
import { InterfaceProblems } from './interface-problems.ts';
import { RetryPolicy } from './retry-policy.ts';
import type { Source, SourceEnd, SourceListener } from './source.ts';

/** Milliseconds. A source that has captured for this long is a success: failures and pauses before it are over. */
const PROVEN = 60_000;
/**
 * Milliseconds for which a pod is new. The interface of a pod that is new, or is being deleted, may vanish at any moment,
 * and with it what it has counted since the last reading. A reading takes some 40 us.
 */
const NEW = 60_000;
/** Milliseconds between two readings of the counters while the interface may vanish. */
const POLL = 200;

/** One interface of a pod: its ledger, and the sources that capture it one after the other. */
export class InterfaceCapture {
  /** The interface's name in the pod. */
  readonly name: string;
  readonly #owner: Owner;
  readonly #listener: CaptureListener;
  readonly #options: InterfaceCaptureOptions;
  readonly problems: InterfaceProblems;
  readonly #ledger: WindowLedger;
  /** The windows that have ended and are not closed yet. */
  readonly windows: WindowLedger['windows'];
  readonly #retry = new RetryPolicy();
  #state: CaptureState = 'idle';
  #index: number | undefined;
  #source: Source | undefined;
  /** Undefined if the namespace is not known, or has gone. */
  #reader: CounterReader | undefined;
  /** Since when a source captures, by `performance.now()`. */
  #capturingSince: number | undefined;
  #hasRun = false;
  #poll: NodeJS.Timeout | undefined;

  constructor(
    name: string,
    owner: Owner,
    listener: CaptureListener,
    options: InterfaceCaptureOptions,
  ) {
    this.name = name;
    this.#owner = owner;
    this.#listener = listener;
    this.#options = options;
    this.#ledger = options.createLedger(Date.now());
    this.windows = this.#ledger.windows;
    this.problems = new InterfaceProblems(() => owner.pod, name, options.problems);
  }

  get index(): number | undefined {
    return this.#index;
  }

  get isRetired(): boolean {
    return this.#state === 'retired';
  }

  /** The interface has been captured. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  get state(): ReportedState {
    return reportedState(this.#state, this.#owner.pod, this.#source !== undefined);
  }

  /** The source that runs, is being started or is ending. */
  get source(): Pick<Source, 'pid' | 'heard'> | undefined {
    return this.#source;
  }

  /** A source is to be started now. */
  get isDue(): boolean {
    const isWanted = !this.#owner.gone && !this.isRetired && this.#state !== 'paused';
    return isWanted && !this.#source && this.#retry.isDue;
  }

  /** A source captures the interface in this namespace, or is ending there. */
  occupies(inode: Netns['inode']): boolean {
    return this.#source !== undefined && this.#reader?.netns.inode === inode;
  }

  /** The namespace is reached through one of these processes of the pod now; without any the namespace is dead. */
  moveTo(pids: readonly number[]): void {
    if (this.#reader?.moveTo(pids) === false) this.leave();
  }

  /** The namespace is not the pod's. The pod's own may be captured at once, even if this one was paused. */
  leave(): void {
    this.#send('resume');
    if (this.#source) this.#source.stop();
    else this.#reader = undefined;
  }

  /** Reads the counters, if they can be read. This may be the last reading, so the ledger keeps it. */
  counters(): Counters | undefined {
    const counters = this.#reader?.read();
    this.#ledger.observe(counters);
    return counters;
  }

  /** Ends the source with a last slot, until `resume`; the counters are still read. */
  pause(): void {
    this.#send('pause');
    this.#ledger.pause?.();
    this.problems.report('budget');
    this.#source?.stop();
  }

  /** The interface may be captured again: at once, where the namespace is known. */
  resume(): void {
    this.#send('resume');
    const found = { index: this.#index, isNew: false, counters: undefined };
    if (this.isDue && this.#reader) this.start(this.#reader.netns, found);
  }

  /** The pod is back: an earlier pause or refusal does not hold any more. */
  forget(): void {
    this.#send('resume');
    this.retryRefused();
  }

  retryRefused(): void {
    this.#retry.retryRefused();
  }

  /** Reads the counters five times a second as long as the interface may vanish. */
  poll(): void {
    this.#poll ??= setInterval(() => {
      if (this.#mayVanish) this.counters();
      else {
        clearInterval(this.#poll);
        this.#poll = undefined;
      }
    }, POLL).unref();
  }

  start(netns: Netns, { index, isNew, counters }: Found): void {
    const owner = this.#owner;
    // An interface that is back has its old index; another interface of the same name counts from nothing.
    const isOther = index === undefined || index !== this.#index;
    if (this.isRetired && isOther) this.#ledger.observe(UNUSED);
    const { proc, startSource, tap } = this.#options;
    const seen = (netDev: string) => this.#listener.seen(netDev);
    const reader = new CounterReader(proc, netns, this.name, seen);
    [this.#reader, this.#index] = [reader, index];
    this.#ledger.begin(counters ?? reader.read(), isNew);
    this.#send('start');
    const target = {
      iface: this.name,
      pod: () => owner.pod,
      netns: () => reader.netns,
      counters: () => reader.read(),
    };
    const source = startSource(target, {
      beginning: (counters) => {
        this.#ledger.observe(counters);
        this.#ledger.isHeld = true;
      },
      capturing: (pid, counters) => this.#capturing(reader, pid, counters),
      slot: (slot) => {
        this.#ledger.add(slot);
        tap.watcher?.(owner, this.name, slot);
      },
      overloaded: (is) => this.#overloaded(is),
    });
    this.#source = source;
    if (isNew || owner.pod.terminating) this.poll();
    void source.done.then((end) => this.#ended(end));
  }

  /** The interface has gone, or another one carries the pod: the source ends with a last slot. */
  retire(): void {
    if (this.isRetired) return;
    this.#send('retire');
    this.remove();
  }

  /** Ends the source, with a last slot if that can be had within so many milliseconds. Another one may follow. */
  async stop(patience?: number): Promise<void> {
    this.#source?.stop(patience);
    await this.#source?.done;
  }

  /** The pod is not to be measured any more: the source ends with a last slot. */
  remove(): void {
    if (this.#source) this.#source.stop();
    else {
      this.#ledger.released(this.counters());
      this.#reader = undefined;
    }
    this.problems.resolve();
  }

  turn(at: number): void {
    if (this.#isProven && this.#state !== 'paused')
      this.problems.resolve('failure', 'refusal', 'budget');
    const isLast = (this.#owner.gone || this.isRetired) && !this.#source;
    const isRead = this.#ledger.isDrained && this.#capturingSince !== undefined;
    this.#ledger.turn(at, isRead ? this.#reader?.latest : this.counters(), isLast);
  }

  get #isProven(): boolean {
    return performance.now() - (this.#capturingSince ?? Infinity) > PROVEN;
  }

  get #mayVanish(): boolean {
    const { pod, since } = this.#owner;
    const isNew = performance.now() - since < NEW;
    return this.#reader !== undefined && (isNew || pod.terminating === true);
  }

  #send(event: CaptureEvent): void {
    const wasOverloaded = this.#state === 'overloaded';
    this.#state = nextState(this.#state, event);
    const isOverloaded = this.#state === 'overloaded';
    if (isOverloaded === wasOverloaded) return;
    this.#ledger.overloaded = isOverloaded;
    if (wasOverloaded) this.problems.resolve('overload');
  }

  #capturing(reader: CounterReader, ...[pid, counters]: Parameters<SourceListener['capturing']>) {
    reader.open(pid);
    this.#capturingSince = performance.now();
    this.#hasRun = true;
    this.#ledger.isHeld = false;
    this.#ledger.captured(counters ?? reader.read());
    this.#retry.reset('refused');
    this.#send('capturing');
    this.#options.log.debug({ ...this.problems.identity, pid }, 'capture started');
  }

  #overloaded(is: boolean): void {
    if (this.#owner.gone) return;
    this.#send(is ? 'overload' : 'calm');
    if (!is) this.#retry.reset('overload');
    else if (this.#state === 'overloaded') this.problems.report('overload');
  }

  #ended({ reason, error }: SourceEnd): void {
    const { log, restarted } = this.#options;
    const isProven = this.#isProven;
    this.#source = undefined;
    this.#ledger.isHeld = false;
    if (this.#capturingSince !== undefined) this.#ledger.released(this.#reader?.read());
    this.#capturingSince = undefined;
    this.#reader?.close();
    if (this.isRetired) this.#reader = undefined;
    // How the source of a gone pod ends does not matter.
    const how = this.#owner.gone ? 'stopped' : reason;
    if (how === 'overload') {
      this.#overloaded(true);
      this.#retry.ended(how);
    } else if (how === 'refused') {
      this.#send('refused');
      this.#retry.ended(how);
      this.#listener.refused(this.name, error ?? '');
    } else if (how === 'failed' || how === 'shared') {
      this.#send('failed');
      restarted();
      if (isProven) this.#retry.reset('failed');
      this.#retry.ended('failed');
      if (how === 'failed') this.problems.report('failure', { error });
    } else {
      this.#send('ended');
      log.debug({ ...this.problems.identity, error }, 'capture ended');
      if (this.#state === 'paused') this.#ledger.pause?.();
      else this.#reader = undefined;
      if (how === 'lost') this.#listener.lost();
      if (how === 'left') this.#listener.left();
    }
  }
}
