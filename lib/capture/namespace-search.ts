import type { LocalPod, Log } from '../model.ts';
import { hasAddress } from '../linux/bare-netns.ts';
import { statOf } from '../linux/process-stat.ts';
import { identity } from './identity.ts';
import type { NamespaceFinder } from './namespace-finder.ts';
import type { PodCapture } from './pod-capture.ts';
import { MAKING } from './pod-interfaces.ts';
import type { PodRegistry } from './pod-registry.ts';

export interface NamespaceSearchOptions {
  readonly proc: string;
  readonly log: Log;
  /** The only pod is in the agent's own network namespace. */
  readonly sidecar: boolean;
  readonly finder: NamespaceFinder;
  readonly registry: Pick<PodRegistry, 'pods' | 'isListed' | 'discover'>;
}

/** Milliseconds. A pod that has just changed is searched for again after a part of the time since then. */
const AGAIN = { part: 1 / 8, least: 50, most: 1000 };
/** Milliseconds between two searches that the kubelet's cgroups give cause to. */
const HINTED_EVERY = 10;
/** Seconds. Of an older pod that the API server reports only now, earlier bytes are not counted. */
const NEW = 60;
/** Milliseconds between two checks of the processes by which namespaces are reached. */
const LOST_EVERY = 5000;

/** Decides when a pod's network namespace is searched for, and which pod gets which namespace. */
export class NamespaceSearch {
  readonly #options: NamespaceSearchOptions;
  /** When the agent was started, in seconds since the node was. */
  readonly #started: number;
  #soon: NodeJS.Timeout | undefined;
  /** When the last search was, and when a cgroup of a pod that is searched for last changed, by `performance.now()`. */
  #searched = -Infinity;
  #hinted = -Infinity;
  #isStopped = false;
  /** When the pods' processes were last checked, by `performance.now()`. */
  #checked = -Infinity;

  constructor(options: NamespaceSearchOptions) {
    this.#options = options;
    this.#started = statOf(options.proc, 'self')?.started ?? Infinity;
  }

  /** A pod was put. `isNews`: it may have another network, which is searched for at once, and then less and less often. */
  changed(pod: PodCapture, isNews: boolean): void {
    this.#verify(pod);
    if (!isNews || !pod.isSought) return;
    clearTimeout(this.#soon);
    this.#searchIn(0);
  }

  /** A cgroup of a pod has changed: the pod's first process may be there now, or in a moment. */
  hint(cgroupUid: LocalPod['cgroupUid']): void {
    const { isListed } = this.#options.registry;
    if (isListed && !this.#sought.some(({ pod }) => pod.cgroupUid === cgroupUid)) return;
    this.#hinted = performance.now();
    clearTimeout(this.#soon);
    this.#searchIn(Math.max(0, this.#searched + HINTED_EVERY - this.#hinted));
  }

  /** To be called every second. */
  tick(): void {
    this.#search(this.#options.finder.isDue);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#soon);
  }

  /** Searches, and repeats that while there are new pods without a namespace. */
  #searchIn(delay: number): void {
    this.#soon = setTimeout(() => {
      this.#search(true);
      const news = this.#sought.map(({ soughtSince }) => Math.max(soughtSince, this.#hinted));
      const ages = news.map((at) => performance.now() - at);
      const again = Math.max(AGAIN.least, Math.min(...ages) * AGAIN.part);
      if (again < AGAIN.most && !this.#isStopped) this.#searchIn(again);
    }, delay);
  }

  /** Pods that have lost the process by which their namespace is reached: with 110 pods, finding out takes 2 ms. */
  #lost(): PodCapture[] {
    const now = performance.now();
    if (now - this.#checked < LOST_EVERY) return [];
    this.#checked = now;
    return this.#options.registry.pods.filter(({ isLost }) => isLost);
  }

  get #sought(): PodCapture[] {
    return this.#options.registry.pods.filter(({ isSought }) => isSought);
  }

  /** `isDue`: the processes of the node are read again if a pod is searched for; else only if one has lost its own. */
  #search(isDue: boolean): void {
    const { sidecar, finder, registry } = this.#options;
    if (this.#isStopped) return;
    this.#searched = performance.now();
    if (sidecar) {
      const netns = { inode: finder.own ?? 0, pid: 'self' } as const;
      for (const pod of this.#sought) pod.start(netns, false);
      return;
    }
    const lost = this.#lost();
    const isWanted = this.#sought.length > 0 || !registry.isListed || finder.hasDoubts;
    if (lost.length > 0 || (isDue && isWanted)) finder.refresh();
    // Until the API server has reported the pods of this node, they are captured by the UIDs in their cgroups, so that what
    // passes meanwhile is not lost; but only if the host's namespace can be told from theirs, since there are no addresses
    // to compare yet.
    if (!registry.isListed && finder.knowsHost)
      for (const cgroupUid of finder.cgroupUids) registry.discover(cgroupUid);
    for (const each of lost) each.interfaces.moveTo(finder.pidsOf(each.pod.cgroupUid));
    for (const each of registry.pods) {
      const { netns } = each.interfaces;
      if (netns && finder.hasBetter(each.pod, netns)) each.interfaces.leave();
    }
    for (const each of this.#sought) this.#locate(each);
  }

  #locate(sought: PodCapture): void {
    const { finder, registry } = this.#options;
    const { pod, since } = sought;
    const netns = finder.find(pod);
    const others = registry.pods.filter((other) => other !== sought);
    if (!netns || others.some((other) => other.occupies(netns.inode))) {
      sought.notFound();
      return;
    }
    // A capture that fails while the network is still being made would be tried again later than necessary.
    const isMade = performance.now() - since > MAKING || !finder.isInTheMaking(pod, netns);
    if (isMade) sought.start(netns, this.#isNew(sought));
  }

  /** The pod was started after the agent, not long before the agent heard of it, and was not excluded then. */
  #isNew({ pod, since, wasOff }: PodCapture): boolean {
    const { proc, finder } = this.#options;
    // Some of the processes that started with the pod may have ended.
    const starts = finder.pidsOf(pod.cgroupUid).flatMap((pid) => statOf(proc, pid)?.started ?? []);
    const started = starts.length > 0 ? Math.min(...starts) : -Infinity;
    const age = this.#started + since / 1000 - started;
    return !wasOff && started >= this.#started && age < NEW;
  }

  /** The API server may report a pod's addresses after the capture began: is the namespace the pod's? */
  #verify(captured: PodCapture): void {
    const { proc, log, sidecar, finder } = this.#options;
    const { pod, interfaces, isLost } = captured;
    const { netns } = interfaces;
    if (sidecar || !netns || isLost || finder.confirms(pod, netns)) return;
    // A namespace without any address may still be the pod's: the next search finds out.
    const what = 'its network namespace has none of its addresses';
    if (!pod.terminating && hasAddress(proc, netns.pid))
      log.warn({ ...identity(pod), ips: pod.ips }, what);
    interfaces.leave();
  }
}
