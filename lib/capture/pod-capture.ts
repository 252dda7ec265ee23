import { CONDITIONS } from '../conditions.ts';
import type { ClosedWindow, LocalPod, Netns } from '../model.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import { identity, qualifiedName } from './identity.ts';
import { MAKING, PodInterfaces, type PodInterfacesOptions } from './pod-interfaces.ts';

type Selection = ClosedWindow['selection'];

/** Milliseconds. The network of a pod that has an address is made in less time, so its namespace should be found. */
const UNFOUND = 60_000;

/** One pod of the node, and the captures of its interfaces. */
export class PodCapture {
  /** The pod was excluded before: what passed then is not to be counted. */
  readonly wasOff: boolean;
  /** When the agent first heard of the pod, by `performance.now()`. */
  readonly since = performance.now();
  readonly #options: PodInterfacesOptions;
  readonly interfaces: PodInterfaces;
  #pod: LocalPod;
  #selection: Selection;
  #soughtSince = this.since;
  #gone = false;

  constructor(
    pod: LocalPod,
    known: { readonly selection: Selection; readonly wasOff: boolean },
    options: PodInterfacesOptions,
  ) {
    this.#pod = pod;
    this.#selection = known.selection;
    this.wasOff = known.wasOff;
    this.#options = options;
    this.interfaces = new PodInterfaces(this, options);
  }

  get pod(): LocalPod {
    return this.#pod;
  }

  /** What the API server has reported of the pod. While that is unknown, `pod` has only the UID of its cgroup. */
  get selection(): Selection {
    return this.#selection;
  }

  /** The pod is not to be measured any more; it stays until its last windows are closed. */
  get gone(): boolean {
    return this.#gone;
  }

  /** The pod is gone, and its last windows are closed. */
  get isFinished(): boolean {
    return this.#gone && this.interfaces.all.length === 0;
  }

  /** Since when the pod may have a network that is not known, by `performance.now()`. */
  get soughtSince(): number {
    return this.#soughtSince;
  }

  /** The pod's namespace is to be searched for, or read again while the pod's network may still be being made. */
  get isSought(): boolean {
    if (this.#gone) return false;
    const isMade = performance.now() - this.since > MAKING || this.interfaces.all.length > 0;
    return this.interfaces.netns === undefined || !isMade;
  }

  /** The process through which the namespace is reached has gone. */
  get isLost(): boolean {
    const { netns } = this.interfaces;
    return netns !== undefined && netnsOf(this.#options.proc, netns.pid) !== netns.inode;
  }

  /** The pod is captured in this namespace, or its captures are ending there. */
  occupies(inode: Netns['inode']): boolean {
    return (
      this.interfaces.netns?.inode === inode ||
      this.interfaces.all.some((iface) => iface.occupies(inode))
    );
  }

  /** The search has found no namespace for the pod; there may be none yet. */
  notFound(): void {
    const { pod } = this;
    const isUnfound = performance.now() - this.#soughtSince >= UNFOUND;
    if (!isUnfound || !this.interfaces.states.includes('waiting')) return;
    const fields = { ...identity(pod), ips: pod.ips };
    this.#options.problems.report(this.#subject, CONDITIONS.namespaceNotFound, fields);
  }

  /** The API server has reported the pod, for the first time or again. Returns whether the pod may have another network. */
  update(pod: LocalPod): boolean {
    const isNews =
      this.#gone || this.#selection !== 'selected' || pod.ips.join() !== this.#pod.ips.join();
    if (isNews) this.#soughtSince = performance.now();
    if (this.#gone) for (const iface of this.interfaces.all) iface.forget();
    if (qualifiedName(pod) !== qualifiedName(this.#pod)) {
      this.#options.problems.resolve(this.#subject);
      this.interfaces.resolve();
    }
    [this.#pod, this.#selection, this.#gone] = [pod, 'selected', false];
    if (pod.terminating) for (const iface of this.interfaces.all) iface.poll();
    return isNews;
  }

  /** The API server has reported that the pod is not to be measured: its earlier windows are dropped. */
  exclude(): void {
    if (this.#selection === 'unknown') this.#selection = 'excluded';
  }

  /** The pod's namespace has been found. `isNew`: it was made while the agent watched. */
  start(netns: Netns, isNew: boolean): void {
    this.#options.problems.resolve(this.#subject);
    this.interfaces.capture(netns, isNew);
  }

  /** The pod is not to be measured any more; its captures end with a last slot. */
  remove(): void {
    this.#gone = true;
    this.#options.problems.resolve(this.#subject);
    this.interfaces.remove();
  }

  /** The subject of the problem that no namespace is found. */
  get #subject(): string {
    return `${qualifiedName(this.#pod)} namespace`;
  }
}
