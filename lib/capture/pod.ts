import { CONDITIONS } from '../conditions.ts';
import type { ClosedWindow, LocalPod, Netns } from '../model.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import { identity, qualifiedName } from './identity.ts';
import type { InterfaceCapture } from './interface-capture.ts';
import type { Owner, State } from './states.ts';
import { MAKING, PodInterfaces, type PodInterfacesOptions } from './pod-interfaces.ts';

interface Known {
  readonly selection: ClosedWindow['selection'];
  /** It lived before it was to be observed: what passed then is not to be counted. */
  readonly wasOff: boolean;
}

/** One that has an address and no namespace for so long is not on its way any more. */
const UNFOUND = 60_000;

/** One pod of this node: its network namespace, and its interfaces that are captured in it. */
export class PodCapture implements Owner {
  pod: LocalPod;
  /** What the API has told of it: before it does `pod` has nothing but the UID of its cgroup. */
  selection: Known['selection'];
  readonly wasOff: boolean;
  readonly since = performance.now();
  #soughtSince = this.since;
  readonly #proc: string;
  readonly #problems: PodInterfacesOptions['problems'];
  readonly #interfaces: PodInterfaces;
  #netns: Netns | undefined;
  /** It is no pod to observe any more; it stays until its last windows are closed. */
  #gone = false;

  constructor(pod: LocalPod, { selection, wasOff }: Known, options: PodInterfacesOptions) {
    this.pod = pod;
    this.selection = selection;
    this.wasOff = wasOff;
    this.#proc = options.proc;
    this.#problems = options.problems;
    this.#interfaces = new PodInterfaces(this, options);
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The last windows of a pod that is gone have been closed. */
  get finished(): boolean {
    return this.#gone && this.#interfaces.all.size === 0;
  }

  /** Where it is captured, once that is found. */
  get netns(): Netns | undefined {
    return this.#netns;
  }

  get interfaces(): ReadonlyMap<string, InterfaceCapture> {
    return this.#interfaces.all;
  }

  /** Since when it may have a network that we do not know, by `performance.now()`. */
  get soughtSince(): number {
    return this.#soughtSince;
  }

  /** Of each of its captures, of which there is one for each interface, or the pod's own if it has none. */
  get states(): State[] {
    return this.#interfaces.states;
  }

  /** Whether its namespace is to be looked for, or looked at again since its network may still be being made. */
  get waits(): boolean {
    if (this.#gone) return false;
    const isMade = this.interfaces.size > 0 || performance.now() - this.since > MAKING;
    return this.#netns === undefined || !isMade;
  }

  /** The process by which its namespace is reached has gone. */
  get isLost(): boolean {
    return this.#netns !== undefined && netnsOf(this.#proc, this.#netns.pid) !== this.#netns.inode;
  }

  /** It is captured there, be it for a moment more. */
  occupies(inode: Netns['inode']): boolean {
    const places = [...this.interfaces.values()].map(({ capture }) => capture?.netns);
    return [this.#netns, ...places].some((netns) => netns?.inode === inode);
  }

  /** No namespace was found for it; it may have none yet. */
  missed(): void {
    const { pod } = this;
    const isUnfound = performance.now() - this.#soughtSince >= UNFOUND;
    if (!isUnfound || !this.states.includes('waiting')) return;
    const fields = { ...identity(pod), ips: pod.ips };
    this.#problems.report(this.#unfound, CONDITIONS.namespaceNotFound, fields);
  }

  /** Another process of the pod will do as well; without any, the namespace is a dead one. */
  moveTo(pids: readonly number[]): void {
    const { inode } = this.#netns ?? {};
    const pid = pids.find((candidate) => netnsOf(this.#proc, candidate) === inode);
    this.#netns = inode === undefined || pid === undefined ? undefined : { inode, pid };
    for (const iface of this.interfaces.values()) iface.moveTo(pids);
  }

  /** The namespace is not its own: another one is to be found. */
  leave(): void {
    this.#netns = undefined;
    for (const iface of this.interfaces.values()) iface.leave();
  }

  left(): void {
    this.#netns = undefined;
  }

  /** The API tells of it, for the first time or again. Returns whether it may have another network than before. */
  tell(pod: LocalPod): boolean {
    const isNews =
      this.#gone || this.selection !== 'selected' || pod.ips.join() !== this.pod.ips.join();
    if (isNews) this.#soughtSince = performance.now();
    if (this.#gone) for (const iface of this.interfaces.values()) iface.forget();
    if (qualifiedName(pod) !== qualifiedName(this.pod)) this.#forgive();
    [this.pod, this.selection, this.#gone] = [pod, 'selected', false];
    if (pod.terminating) for (const iface of this.interfaces.values()) iface.terminating();
    return isNews;
  }

  /** Its namespace has been found. `isNew`: it was made while we watched. */
  start(netns: Netns, isNew: boolean): void {
    this.#problems.resolve(this.#unfound);
    this.#netns = this.#interfaces.renew(netns, isNew) ? netns : undefined;
  }

  /** To be called every second: reads what nobody else does, and goes on where something waits for it. */
  look(): void {
    // Where no capture runs nobody else reads the counters, and they may be the last of their interface.
    for (const iface of this.interfaces.values()) if (!iface.capture) iface.counters();
    const isDue = !this.#gone && this.#netns && this.#interfaces.isDue;
    if (isDue && this.#netns && !this.#interfaces.renew(this.#netns)) this.#netns = undefined;
  }

  /** It is not to be observed any more; its captures end with a last slot. */
  remove(): void {
    [this.#gone, this.#netns] = [true, undefined];
    this.#problems.resolve(this.#unfound);
    this.#interfaces.remove();
  }

  turn(at: number): void {
    for (const iface of this.interfaces.values()) iface.turn(at);
  }

  /** The windows of its interfaces that ended at a moment, although slots that span the end may still come. */
  ended(at: number): ClosedWindow[] {
    return this.#closed(this.#interfaces.ended(at));
  }

  /** Closes the oldest window of each of its interfaces, if it has ended, and not after `at`. */
  close(at = Infinity): ClosedWindow[] {
    return this.#closed(this.#interfaces.close(at));
  }

  /** Plain data: what is known of the pod later is no part of it. */
  #closed(windows: readonly Pick<ClosedWindow, 'iface' | 'window'>[]): ClosedWindow[] {
    const { pod, selection } = this;
    return windows.map((each) => ({ pod, selection, ...each }));
  }

  /** No trouble with it goes on. */
  #forgive(): void {
    this.#problems.resolve(this.#unfound);
    this.#interfaces.forgive();
  }

  get #unfound(): string {
    return `${qualifiedName(this.pod)} namespace`;
  }
}
