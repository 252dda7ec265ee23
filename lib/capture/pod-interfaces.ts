import { CONDITIONS } from '../conditions.ts';
import type { ClosedWindow, LocalPod, Netns, Window } from '../model.ts';
import { parseNetDev, readNetDev } from '../linux/interface-counters.ts';
import { interfacesIn, readLinks, readNetTexts, standInFor } from '../linux/interfaces.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import { type ReportedState, stateWithoutCapture } from './capture-state.ts';
import { identity, qualifiedName } from './identity.ts';
import { InterfaceCapture } from './interface-capture.ts';
import type { Found, InterfaceCaptureOptions, Owner } from './interface-capture-types.ts';

export interface PodInterfacesOptions extends InterfaceCaptureOptions {
  /** The interfaces to capture, where a pod has them. */
  readonly interfaces: readonly string[];
}

/** Milliseconds for which a pod may be without an interface: its network is being made, or taken away. */
export const MAKING = 10_000;
/** A pod without an interface is read again when it has been without one for half as long again, within these bounds (ms). */
const ABSENT = { least: 1000, most: 30_000 };
/** Milliseconds after which the agent reads again whether an interface that was down is up. */
const DOWN = 10_000;
/** An interface that is found later than this (milliseconds) may have counted bytes before the agent watched. */
const NEW = 60_000;

/**
 * The interfaces of a pod that are captured: those of the configuration that the pod has, or what stands in for one of
 * them; and the network namespace in which they are captured.
 */
export class PodInterfaces {
  readonly #owner: Owner;
  readonly #options: PodInterfacesOptions;
  readonly #interfaces = new Map<string, InterfaceCapture>();
  /** The interface that is captured instead, by the name of the interface of the configuration. */
  readonly #standIns = new Map<string, string>();
  #netns: Netns | undefined;
  /** The namespace was made while the agent watched. */
  #isNew = false;
  /** All names of interfaces in the namespace, as they were read last. */
  #names = '';
  /** What /proc/net/dev was last, and the names in it. */
  #seen = { netDev: '', names: '' };
  /** The interfaces of the namespace are not those of `#names` any more. */
  #changed = false;
  /** Since when the pod has no interface to capture, by `performance.now()`. */
  #absentSince: number | undefined;
  /** When the namespace is read again even if no change is known. */
  #nextReading = Infinity;

  constructor(owner: Owner, options: PodInterfacesOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** Where the pod is captured, once that is found. */
  get netns(): Netns | undefined {
    return this.#netns;
  }

  /** All interfaces, those that are gone included until their last windows are closed. */
  get all(): InterfaceCapture[] {
    return [...this.#interfaces.values()];
  }

  /** One for each interface, or one for the pod if it has none. */
  get states(): ReportedState[] {
    const present = this.all.filter(({ isRetired }) => !isRetired);
    if (present.length > 0) return present.map(({ state }) => state);
    const isUnavailable = this.#isWithout && !this.#pod.terminating;
    return [isUnavailable ? 'unavailable' : stateWithoutCapture(this.#pod)];
  }

  /** To be called every second: reads counters that no source reads, for they may be the last ones, and starts what is due. */
  refresh(): void {
    for (const iface of this.#interfaces.values()) if (!iface.source) iface.counters();
    const isDue =
      this.#changed ||
      this.#nextReading <= performance.now() ||
      this.all.some((iface) => iface.isDue);
    if (isDue && this.#netns && !this.#owner.gone) this.capture(this.#netns);
  }

  /** Captures the interfaces in a namespace that are not captured yet. `isNew`: it was made while the agent watched. */
  capture(netns: Netns, isNew = this.#isNew): void {
    const { proc, interfaces } = this.#options;
    const netDev = readNetDev(proc, netns.inode, [netns.pid]);
    if (netns.inode !== this.#netns?.inode) this.#absentSince = undefined;
    this.#isNew = isNew;
    this.#netns = netDev === undefined ? undefined : netns;
    if (netDev === undefined) return;
    const names = interfacesIn(netDev);
    const links = readLinks(proc, netns.pid);
    if (names.join() !== this.#names) this.#interfaces.forEach((iface) => iface.retryRefused());
    [this.#names, this.#changed] = [names.join(), false];
    for (const iface of this.#interfaces.values()) {
      const index = links.get(iface.name);
      if (!names.includes(iface.name)) iface.retire();
      else if (iface.index === undefined && index !== undefined) iface.retryRefused();
      // Another interface has the name now: iftop would stay with the renamed one.
      else if (iface.index !== index) void iface.stop();
    }
    for (const [name, standIn] of this.#standIns) {
      if (links.has(name)) this.#interfaces.get(standIn)?.retire();
      if (this.#interfaces.get(standIn)?.isRetired !== false) this.#standIns.delete(name);
    }
    const configured = interfaces.filter((name) => !this.#standIns.has(name));
    const present = [...configured, ...this.#standIns.values()].flatMap((name) => {
      const counters = parseNetDev(netDev, name);
      return counters ? [{ name, counters, index: links.get(name) }] : [];
    });
    for (const { name, ...found } of present) this.#start(netns, name, { ...found, isNew });
    if (present.length === 0) this.#lack(netns, names);
    else this.#found();
  }

  /** The pod's namespace is reached through one of these processes now; without any it is dead. */
  moveTo(pids: readonly number[]): void {
    const { inode } = this.#netns ?? {};
    const pid = pids.find((candidate) => netnsOf(this.#options.proc, candidate) === inode);
    this.#netns = inode === undefined || pid === undefined ? undefined : { inode, pid };
    for (const iface of this.#interfaces.values()) iface.moveTo(pids);
  }

  /** The namespace is not the pod's. */
  leave(): void {
    this.#netns = undefined;
    for (const iface of this.#interfaces.values()) iface.leave();
  }

  turn(at: number): void {
    for (const iface of this.#interfaces.values()) iface.turn(at);
  }

  /** The windows that ended at a moment, although slots that span the end may still come. */
  ended(at: number): ClosedWindow[] {
    return this.all.flatMap((iface) => this.#windowOf(iface, iface.windows.ended(at)));
  }

  /** Closes the oldest window of each interface, if it has ended, and not after `at`. */
  close(at = Infinity): ClosedWindow[] {
    const closed = this.all.flatMap((iface) => this.#windowOf(iface, iface.windows.close(at)));
    for (const [name, iface] of this.#interfaces)
      if (iface.windows.isFinished) this.#interfaces.delete(name);
    return closed;
  }

  /** The pod is not to be measured any more. */
  remove(): void {
    [this.#netns, this.#absentSince, this.#nextReading] = [undefined, undefined, Infinity];
    for (const iface of this.#interfaces.values()) iface.remove();
    this.resolve();
  }

  /** No problem with the pod's interfaces is left. */
  resolve(): void {
    this.#options.problems.resolve(this.#subject);
    for (const iface of this.#interfaces.values()) iface.problems.resolve();
  }

  /** The text of /proc/net/dev was read in the namespace of an interface. */
  seen(netDev: string): void {
    // While nothing passes, the text is the same.
    if (netDev !== this.#seen.netDev) this.#seen = { netDev, names: interfacesIn(netDev).join() };
    this.#changed ||= this.#seen.names !== this.#names;
  }

  /** An interface has gone. */
  lost(): void {
    this.#changed = true;
  }

  /** The process through which the namespace is reached has left the namespace. */
  left(): void {
    this.#netns = undefined;
  }

  /** An interface cannot be captured, for that reason. */
  refused(name: string, error: string): void {
    this.#nextReading = Math.min(this.#nextReading, performance.now() + DOWN);
    // An interface of a pod that is being deleted may be gone already while others are still there.
    if (this.#pod.terminating) return;
    if (this.#netns && this.#replace(this.#netns, name)) return;
    const interfaces = some(this.#names.split(','));
    this.#interfaces.get(name)?.problems.report('refusal', { error, interfaces });
  }

  /** Plain data, which later news of the pod does not change. */
  #windowOf({ name: iface }: InterfaceCapture, window: Window | undefined): ClosedWindow[] {
    const { pod, selection } = this.#owner;
    return window ? [{ pod, selection, iface, window }] : [];
  }

  #start(netns: Netns, name: string, found: Found): void {
    const owner = this.#owner;
    const iface =
      this.#interfaces.get(name) ?? new InterfaceCapture(name, owner, this, this.#options);
    this.#interfaces.set(name, iface);
    const isYoung = performance.now() - owner.since < NEW;
    const isFree = iface.isRetired ? !iface.source : iface.isDue;
    if (isFree) iface.start(netns, { ...found, isNew: found.isNew && isYoung });
  }

  /** The pod has an interface to capture. */
  #found(): void {
    this.#absentSince = undefined;
    this.#options.problems.resolve(this.#subject);
    // Nothing reports when an interface comes up.
    const isDown = this.#standIns.size > 0 || this.states.includes('unavailable');
    this.#nextReading = isDown ? performance.now() + DOWN : Infinity;
  }

  /** The pod has none of the interfaces to capture. */
  #lack(netns: Netns, names: readonly string[]): void {
    const { interfaces, problems } = this.#options;
    const now = performance.now();
    this.#absentSince ??= now;
    const pause = Math.max(ABSENT.least, (now - this.#absentSince) / 2);
    this.#nextReading = now + Math.min(ABSENT.most, pause);
    if (!this.#isWithout || this.#pod.terminating) return;
    if (interfaces.some((name) => this.#replace(netns, name))) return;
    const fields = { ...identity(this.#pod), wanted: interfaces, interfaces: some(names) };
    problems.report(this.#subject, CONDITIONS.interfaceMissing, fields);
  }

  /** Captures what carries the pod instead of an interface that is down, or not there. Returns false if nothing does. */
  #replace(netns: Netns, name: string): boolean {
    const { proc, log, interfaces } = this.#options;
    const taken = new Set([...interfaces, ...this.#standIns.values()]);
    const texts = readNetTexts(proc, netns.pid);
    const standIn = standInFor(name, texts, { ips: this.#pod.ips, taken });
    if (standIn === undefined) return false;
    const replaced = this.#interfaces.get(name);
    const isNew = this.#isNew && !replaced?.hasRun;
    replaced?.retire();
    this.#standIns.set(name, standIn);
    const which = { ...identity(this.#pod), interface: standIn, instead: name };
    log.info(which, 'another interface than the one of IFACE carries the pod, and is captured');
    const index = readLinks(proc, netns.pid).get(standIn);
    this.#start(netns, standIn, { counters: undefined, index, isNew });
    this.#found();
    return true;
  }

  /** The pod has had no interface for longer than its network takes to be made. */
  get #isWithout(): boolean {
    return this.#absentSince !== undefined && performance.now() - this.#absentSince > MAKING;
  }

  get #pod(): LocalPod {
    return this.#owner.pod;
  }

  get #subject(): string {
    return `${qualifiedName(this.#pod)} interfaces`;
  }
}

/** A pod may have any number of interfaces: these are enough for a log line. */
function some(names: readonly string[]): readonly string[] {
  return names.slice(0, 20);
}
