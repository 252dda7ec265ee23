import type { LocalPod, Netns } from '../model.ts';
import { hasAddress, hasAny, locateBare, locateWith } from '../linux/bare-netns.ts';
import { locate, netnsOf, owns } from '../linux/pod-netns.ts';
import { type PodProcesses, ProcessTable } from '../linux/process-table.ts';

type Pod = Pick<LocalPod, 'cgroupUid' | 'ips'>;

export interface NamespaceFinderOptions {
  readonly proc: string;
  /** A pod has at least one of these. */
  readonly interfaces: readonly string[];
  /** So long (milliseconds) a namespace must have been without an address to be a pod's that has one. */
  readonly patience?: number;
  readonly clock?: () => number;
}

/** A pod's network is made within less; and until it is made it has no address either. */
const PATIENCE = 3000;
/** To look for processes costs some 2 us for each that there is: this is a quarter of a percent of a core. */
const EVERY = { least: 1000, process: 0.8 };

/** Finds the network namespaces of pods by the processes of the node. */
export class NamespaceFinder {
  readonly #options: Required<NamespaceFinderOptions>;
  readonly #table: ProcessTable;
  readonly #own: Netns['inode'] | undefined;
  readonly #host: Netns['inode'] | undefined;
  #processes: PodProcesses = new Map();
  #refreshed = -Infinity;
  /** Namespaces without an address that are, or may turn out to be, those of pods that have one. */
  readonly #bare = new Map<Pod['cgroupUid'], { inode: Netns['inode']; since: number }>();

  constructor(options: NamespaceFinderOptions) {
    this.#options = { patience: PATIENCE, clock: () => performance.now(), ...options };
    const { proc } = options;
    this.#table = new ProcessTable(proc, this.#options.clock);
    this.#own = netnsOf(proc, 'self');
    this.#host = netnsOf(proc, 1);
  }

  /** Our own namespace, if we may look at it. */
  get own(): Netns['inode'] | undefined {
    return this.#own;
  }

  /** The host's namespace can be told from any pod's, even without an address to compare. */
  get knowsHost(): boolean {
    return this.#host !== undefined;
  }

  /** Who only waits need not look more often than that. */
  get isDue(): boolean {
    const pause = Math.max(EVERY.least, EVERY.process * this.#table.size);
    return this.#options.clock() - this.#refreshed >= pause;
  }

  /** Looks at which processes there are; pods are found among those until the next look. */
  refresh(): void {
    this.#processes = this.#table.all();
    this.#refreshed = this.#options.clock();
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

  /** A pod's network namespace, as far as is known at present. */
  find(pod: Pod): Netns | undefined {
    if (pod.ips.length === 0) return this.#any(pod);
    const sure = this.#sure(pod);
    if (!sure) return this.#bareOf(pod);
    this.#bare.delete(pod.cgroupUid);
    return sure;
  }

  /** Tells whether a namespace in which a pod was found can be the pod's, by what we know of the pod now. */
  confirms(pod: Pod, { inode, pid }: Netns): boolean {
    const { proc } = this.#options;
    return (
      this.#bare.get(pod.cgroupUid)?.inode === inode ||
      (!this.#forbidden(pod).has(inode) && owns(proc, pid, pod.ips))
    );
  }

  /** Tells whether pods are in namespaces without an address, for which there may be better ones. */
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

  /** Without an address to compare: that of the oldest process, or rather of one that has the interface. */
  #any(pod: Pod): Netns | undefined {
    const { proc, interfaces } = this.#options;
    const where = [proc, pod, this.pidsOf(pod.cgroupUid), this.#forbidden(pod)] as const;
    return locateWith(...where, interfaces) ?? locate(...where);
  }

  /** That of an address of the pod. */
  #sure(pod: Pod): Netns | undefined {
    const { proc } = this.#options;
    const pids = this.pidsOf(pod.cgroupUid);
    return locate(proc, pod, pids, this.#forbidden(pod)) ?? this.#ours(pod);
  }

  /**
   * Our own pod is found by its address in our own namespace: in a cgroup namespace of our own, as cgroup v2 has it,
   * its processes do not bear the pod's UID.
   */
  #ours(pod: Pod): Netns | undefined {
    const inode = this.#own;
    if (inode === undefined || pod.ips.length === 0 || this.#forbidden(pod).has(inode))
      return undefined;
    return owns(this.#options.proc, 'self', pod.ips) ? { inode, pid: 'self' } : undefined;
  }

  /** The host's namespace, or our own where that may be the host's: unless an address tells. */
  #forbidden({ ips }: Pod): ReadonlySet<Netns['inode']> {
    const inode = this.#host ?? (ips.length === 0 ? this.#own : undefined);
    return new Set(inode === undefined ? [] : [inode]);
  }

  #bareOf(pod: Pod): Netns | undefined {
    const { proc, interfaces, patience, clock } = this.#options;
    const { cgroupUid } = pod;
    const forbidden = this.#forbidden(pod);
    const netns = locateBare(proc, pod, this.pidsOf(cgroupUid), forbidden, interfaces);
    const known = this.#bare.get(cgroupUid);
    const since = known && known.inode === netns?.inode ? known.since : clock();
    const isSettled = clock() - since >= patience;
    if (!netns || (isSettled && this.#isOlderPods(cgroupUid, netns))) {
      this.#bare.delete(cgroupUid);
      return undefined;
    }
    this.#bare.set(cgroupUid, { inode: netns.inode, since });
    return isSettled ? netns : undefined;
  }

  /** Another pod was there first: a process of this one has entered it. */
  #isOlderPods(cgroupUid: Pod['cgroupUid'], { inode, pid }: Netns): boolean {
    for (const [other, pids] of this.#processes)
      if (other !== cgroupUid && pids.some((each) => each < Number(pid) && this.#in(each, inode)))
        return true;
    return false;
  }

  #in(pid: number, inode: Netns['inode']): boolean {
    return netnsOf(this.#options.proc, pid) === inode;
  }
}
