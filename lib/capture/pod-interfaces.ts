import { CONDITIONS } from '../conditions.ts';
import type { ClosedWindow, Counters, LocalPod, Netns } from '../model.ts';
import { parseNetDev, readNetDev } from '../linux/interface-counters.ts';
import { interfacesIn, readLinks, readNetTexts, standInFor } from '../linux/interfaces.ts';
import { identity, qualifiedName } from './identity.ts';
import { InterfaceCapture } from './interface-capture.ts';
import {
  type Events,
  idleState,
  type InterfaceCaptureOptions,
  type Owner,
  type State,
} from './states.ts';

export interface PodInterfacesOptions extends InterfaceCaptureOptions {
  /** The interfaces to capture, where a pod has them. */
  readonly interfaces: readonly string[];
}

/** So long a pod may be without an interface (milliseconds): its network is being made, or taken away. */
export const MAKING = 10_000;
/** One that has none is looked at again after half of the time since, but no sooner and no later (milliseconds). */
const ABSENT = { least: 1000, most: 30_000 };
/** Whether one that is down has come up is looked for so often (milliseconds). */
const DOWN = 10_000;
/** What an interface has counted that is found later is not known to have passed while we watched. */
const NEW = 60_000;

/** The interfaces of a pod that are captured: those of the configuration that it has, or what stands in for one. */
export class PodInterfaces implements Events {
  readonly #owner: Owner;
  readonly #options: PodInterfacesOptions;
  readonly #interfaces = new Map<string, InterfaceCapture>();
  /** Those that are captured instead of one of the configuration. */
  readonly #standIns = new Map<string, string>();
  #netns: Netns = { inode: 0, pid: 0 };
  #isNew = false;
  /** All names of interfaces in the namespace, as they were seen last. */
  #names = '';
  #changed = false;
  /** Since when it has none to capture, by `performance.now()`. */
  #absent: number | undefined;
  /** When it is looked at again, although nothing is known to have changed. */
  #next = Infinity;

  constructor(owner: Owner, options: PodInterfacesOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get all(): ReadonlyMap<string, InterfaceCapture> {
    return this.#interfaces;
  }

  /** Of each, or of the pod if it has none. */
  get states(): State[] {
    const present = [...this.#interfaces.values()].filter(({ retired }) => !retired);
    if (present.length > 0) return present.map(({ state }) => state);
    const isUnavailable = this.#isWithout && !this.#pod.terminating;
    return [isUnavailable ? 'unavailable' : idleState(this.#pod)];
  }

  /** There is something to capture that is not captured yet, or there may be. */
  get isDue(): boolean {
    const waits = [...this.#interfaces.values()].some((iface) => iface.waits);
    return this.#changed || waits || this.#next <= performance.now();
  }

  /**
   * Captures what is there to be captured and is not yet. `isNew`: the namespace was made while we watched. False if it
   * cannot be reached.
   */
  renew(netns: Netns, isNew = this.#isNew): boolean {
    const { proc, interfaces } = this.#options;
    if (netns.inode !== this.#netns.inode) this.#absent = undefined;
    [this.#netns, this.#isNew] = [netns, isNew];
    const netDev = readNetDev(proc, netns.inode, [netns.pid]);
    if (netDev === undefined) return false;
    const names = interfacesIn(netDev);
    const links = readLinks(proc, netns.pid);
    if (names.join() !== this.#names) this.#interfaces.forEach((iface) => iface.retry());
    [this.#names, this.#changed] = [names.join(), false];
    for (const iface of this.#interfaces.values()) {
      const index = links.get(iface.name);
      if (!names.includes(iface.name)) iface.retire();
      else if (iface.index === undefined && index !== undefined) iface.retry();
      // What was captured has been renamed, and something else has its name: iftop stays with what is deaf by now.
      else if (iface.index !== index) iface.capture?.stop();
    }
    for (const [name, standIn] of this.#standIns) {
      if (links.has(name)) this.#interfaces.get(standIn)?.retire();
      if (this.#interfaces.get(standIn)?.retired !== false) this.#standIns.delete(name);
    }
    const configured = interfaces.filter((name) => !this.#standIns.has(name));
    const present = [...configured, ...this.#standIns.values()].flatMap((name) => {
      const counters = parseNetDev(netDev, name);
      return counters ? [{ name, counters, index: links.get(name) }] : [];
    });
    for (const { name, ...now } of present) this.#capture(name, now, isNew);
    if (present.length === 0) this.#lack(names);
    else this.#found();
    return true;
  }

  /** The windows that ended at a moment as they are by now. */
  ended(at: number): Pick<ClosedWindow, 'iface' | 'window'>[] {
    return [...this.#interfaces].flatMap(([name, iface]) => {
      const window = iface.ended(at);
      return window ? [{ iface: name, window }] : [];
    });
  }

  /** Closes the oldest window of each, if it has ended, and not after `at`. */
  close(at: number): Pick<ClosedWindow, 'iface' | 'window'>[] {
    const closed = [];
    for (const [name, iface] of this.#interfaces) {
      const window = iface.close(at);
      if (window) closed.push({ iface: name, window });
      if (iface.finished) this.#interfaces.delete(name);
    }
    return closed;
  }

  remove(): void {
    [this.#absent, this.#next] = [undefined, Infinity];
    for (const iface of this.#interfaces.values()) iface.remove();
    this.forgive();
  }

  /** No trouble goes on. */
  forgive(): void {
    this.#options.problems.resolve(this.#subject);
    for (const iface of this.#interfaces.values()) iface.forgive();
  }

  seen(netDev: string): void {
    this.#changed ||= interfacesIn(netDev).join() !== this.#names;
  }

  changed(): void {
    this.#changed = true;
  }

  refused(iface: InterfaceCapture, error: string): void {
    const { name } = iface;
    this.#next = Math.min(this.#next, performance.now() + DOWN);
    // It may have been taken away already, and others not yet.
    if (this.#pod.terminating) return;
    const standIn = this.#standInFor(name);
    if (standIn !== undefined) {
      this.#replace(name, standIn);
      return;
    }
    iface.complain({ error, interfaces: some(this.#names.split(',')) });
  }

  #capture(
    name: string,
    now: { readonly counters: Counters | undefined; readonly index: number | undefined },
    isNew: boolean,
  ): void {
    const owner = this.#owner;
    const iface =
      this.#interfaces.get(name) ?? new InterfaceCapture(name, owner, this, this.#options);
    this.#interfaces.set(name, iface);
    const isYoung = performance.now() - owner.since < NEW;
    const isFree = iface.retired ? !iface.capture : iface.waits;
    if (isFree) iface.start(this.#netns, { ...now, isNew: isNew && isYoung });
  }

  #found(): void {
    this.#absent = undefined;
    this.#options.problems.resolve(this.#subject);
    // Nothing tells that one that is down comes up.
    const isDown = this.#standIns.size > 0 || this.states.includes('unavailable');
    this.#next = isDown ? performance.now() + DOWN : Infinity;
  }

  /** It has none of the interfaces to capture. */
  #lack(names: readonly string[]): void {
    const { interfaces, problems } = this.#options;
    const now = performance.now();
    this.#absent ??= now;
    this.#next = now + Math.min(ABSENT.most, Math.max(ABSENT.least, (now - this.#absent) / 2));
    if (!this.#isWithout || this.#pod.terminating) return;
    for (const name of interfaces) {
      const standIn = this.#standInFor(name);
      if (standIn === undefined) continue;
      this.#replace(name, standIn);
      return;
    }
    const fields = { ...this.#identity, wanted: interfaces, interfaces: some(names) };
    problems.report(this.#subject, CONDITIONS.interfaceMissing, fields);
  }

  /** What carries the pod instead of an interface that is down, or not there. */
  #standInFor(name: string): string | undefined {
    const { proc, interfaces } = this.#options;
    const taken = new Set([...interfaces, ...this.#standIns.values()]);
    return standInFor(name, readNetTexts(proc, this.#netns.pid), { ips: this.#pod.ips, taken });
  }

  #replace(name: string, standIn: string): void {
    const { proc, log } = this.#options;
    const replaced = this.#interfaces.get(name);
    const isNew = this.#isNew && !replaced?.hasRun;
    replaced?.retire();
    this.#standIns.set(name, standIn);
    const which = { ...this.#identity, interface: standIn, instead: name };
    log.info(which, 'another interface than the one of IFACE carries the pod, and is captured');
    const index = readLinks(proc, this.#netns.pid).get(standIn);
    this.#capture(standIn, { counters: undefined, index }, isNew);
    this.#found();
  }

  /** It has had none for so long that this is no matter of its network being made. */
  get #isWithout(): boolean {
    return this.#absent !== undefined && performance.now() - this.#absent > MAKING;
  }

  get #pod(): LocalPod {
    return this.#owner.pod;
  }

  get #identity() {
    return identity(this.#pod);
  }

  get #subject(): string {
    return `${qualifiedName(this.#pod)} interfaces`;
  }
}

/** A pod may have any number of them; for a log line these will do. */
function some(names: readonly string[]): readonly string[] {
  return names.slice(0, 20);
}
