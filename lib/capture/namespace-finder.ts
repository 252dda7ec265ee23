import type { LocalPod, Netns } from '../model.ts';
import { hasAddress, hasAny, locateBare, locateWith } from '../linux/bare-netns.ts';
import { locate, netnsOf, owns } from '../linux/pod-netns.ts';
import { type PodProcesses, ProcessTable } from '../linux/process-table.ts';

type Pod = Pick<LocalPod, 'cgroupUid' | 'ips'>;

export interface NamespaceFinderOptions {
  readonly proc: string;
  /** The interfaces to capture: a pod has at least one of them. */
  readonly interfaces: readonly string[];
  /** Milliseconds for which a namespace must have had no address to be that of a pod which has one. */
  readonly patience?: number;
}

/** A pod's network, which has no address until it is made, is made in less time. */
const PATIENCE = 3000;
/** Milliseconds. To read the processes takes some 2 us for each: with this pause that is a quarter of a percent of a core. */
const EVERY = { least: 1000, process: 0.8 };

/** Finds the network namespaces of pods by the processes of the node. */
export class NamespaceFinder {
  readonly #options: Required<NamespaceFinderOptions>;
  readonly #table: ProcessTable;
  /** The agent's own namespace, if it can be read. */
  readonly own: Netns['inode'] | undefined;
  readonly #host: Netns['inode'] | undefined;
  #processes: PodProcesses = new Map();
  #refreshed = -Infinity;
  /** Namespaces without an address that are, or may turn out to be, those of pods that have one. */
  readonly #bare = new Map<Pod['cgroupUid'], { inode: Netns['inode']; since: number }>();

  constructor(options: NamespaceFinderOptions) {
    this.#options = { patience: PATIENCE, ...options };
    const { proc } = options;
    this.#table = new ProcessTable(proc);
    this.own = netnsOf(proc, 'self');
    this.#host = netnsOf(proc, 1);
  }

  /** The host's namespace is known, so that it is told from any pod's even without an address to compare. */
  get knowsHost(): boolean {
    return this.#host !== undefined;
  }

  /** The processes should be read again, if a pod only waits for its namespace. */
  get isDue(): boolean {
    const pause = Math.max(EVERY.least, EVERY.process * this.#table.size);
    return performance.now() - this.#refreshed >= pause;
  }

  /** Reads which processes there are: pods are found among these until the next time. */
  refresh(): void {
    this.#processes = this.#table.all();
    this.#refreshed = performance.now();
    for (const cgroupUid of this.#bare.keys())
      if (!this.#processes.has(cgroupUid)) this.#bare.delete(cgroupUid);
  }

  /** The pods that have processes. */
  get cgroupUids(): Iterable<Pod['cgroupUid']> {
    return this.#processes.keys();
  }

  /** A pod's processes, the oldest first. */
  pidsOf(cgroupUid: Pod['cgroupUid']): readonly number[] {
    return this.#processes.get(cgroupUid) ?? [];
  }

  /** A pod's network namespace, by what is known at present. */
  find(pod: Pod): Netns | undefined {
    if (pod.ips.length === 0) return this.#any(pod);
    const sure = this.#sure(pod);
    if (!sure) return this.#bareOf(pod);
    this.#bare.delete(pod.cgroupUid);
    return sure;
  }

  /** Tells whether the namespace in which a pod was found can be the pod's, by what is known of the pod now. */
  confirms(pod: Pod, { inode, pid }: Netns): boolean {
    const { proc } = this.#options;
    return (
      this.#bare.get(pod.cgroupUid)?.inode === inode ||
      (!this.#forbidden(pod).has(inode) && owns(proc, pid, pod.ips))
    );
  }

  /** Pods are in namespaces without an address, for which there may be better ones. */
  get hasDoubts(): boolean {
    return this.#bare.size > 0;
  }

  /** Tells whether a pod that is in a namespace without an address has been seen in one that has its address. */
  hasBetter(pod: Pod, { inode }: Netns): boolean {
    if (this.#bare.get(pod.cgroupUid)?.inode !== inode) return false;
    const better = this.#sure(pod);
    return better !== undefined && better.inode !== inode;
  }

  /** Tells whether a pod whose addresses are not known yet has an interface that has none yet. */
  isInTheMaking({ ips }: Pod, { inode, pid }: Netns): boolean {
    const { proc, interfaces } = this.#options;
    return ips.length === 0 && hasAny(proc, inode, pid, interfaces) && !hasAddress(proc, pid);
  }

  /** Without an address to compare: the namespace of the oldest process, but rather one that has the interface. */
  #any(pod: Pod): Netns | undefined {
    const { proc, interfaces } = this.#options;
    const where = [proc, pod, this.pidsOf(pod.cgroupUid), this.#forbidden(pod)] as const;
    return locateWith(...where, interfaces) ?? locate(...where);
  }

  /** The namespace that has an address of the pod. */
  #sure(pod: Pod): Netns | undefined {
    const { proc } = this.#options;
    const pids = this.pidsOf(pod.cgroupUid);
    return locate(proc, pod, pids, this.#forbidden(pod)) ?? this.#ownOf(pod);
  }

  /**
   * The agent's own namespace, if the pod's address is in it: where the agent has a cgroup namespace of its own, as with
   * cgroup v2, the cgroups of its own pod's processes do not show the pod's UID.
   */
  #ownOf(pod: Pod): Netns | undefined {
    const inode = this.own;
    if (inode === undefined || pod.ips.length === 0 || this.#forbidden(pod).has(inode))
      return undefined;
    return owns(this.#options.proc, 'self', pod.ips) ? { inode, pid: 'self' } : undefined;
  }

  /** The host's namespace; or the agent's own where that may be the host's, unless there is an address to compare. */
  #forbidden({ ips }: Pod): ReadonlySet<Netns['inode']> {
    const inode = this.#host ?? (ips.length === 0 ? this.own : undefined);
    return new Set(inode === undefined ? [] : [inode]);
  }

  #bareOf(pod: Pod): Netns | undefined {
    const { proc, interfaces, patience } = this.#options;
    const { cgroupUid } = pod;
    const forbidden = this.#forbidden(pod);
    const netns = locateBare(proc, pod, this.pidsOf(cgroupUid), forbidden, interfaces);
    const known = this.#bare.get(cgroupUid);
    const since = known && known.inode === netns?.inode ? known.since : performance.now();
    const isSettled = performance.now() - since >= patience;
    if (!netns || (isSettled && this.#isOlderPods(cgroupUid, netns))) {
      this.#bare.delete(cgroupUid);
      return undefined;
    }
    this.#bare.set(cgroupUid, { inode: netns.inode, since });
    return isSettled ? netns : undefined;
  }

  /** Another pod was in the namespace first: a process of this pod has entered it. */
  #isOlderPods(cgroupUid: Pod['cgroupUid'], { inode, pid }: Netns): boolean {
    const isOlder = (each: number) =>
      each < Number(pid) && netnsOf(this.#options.proc, each) === inode;
    return [...this.#processes].some(([other, pids]) => other !== cgroupUid && pids.some(isOlder));
  }
}
