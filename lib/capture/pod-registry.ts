import { setTimeout as sleep } from 'node:timers/promises';
import type { ClosedWindow, LocalPod, Log, Netns, ProblemLog } from '../model.ts';
import { hasAddress } from '../linux/bare-netns.ts';
import type { PodSink, ListedPod } from '../kubernetes/selection.ts';
import { CpuTime } from '../linux/cpu-time.ts';
import { statOf } from '../linux/process-stat.ts';
import { identity, qualifiedName } from './identity.ts';
import { NamespaceFinder } from './namespace-finder.ts';
import { PodCapture } from './pod.ts';
import { MAKING, type PodInterfacesOptions } from './pod-interfaces.ts';
import type { InterfaceCapture } from './interface-capture.ts';
import { StartLimiter } from './start-limiter.ts';
import { CpuBudgetController } from './cpu-budget-controller.ts';

export interface PodRegistryOptions {
  readonly proc: string;
  /** The interfaces to capture, where a pod has them. */
  readonly interfaces: readonly string[];
  readonly log: Log;
  readonly problems: ProblemLog;
  /** All pods (it is one) are in our own network namespace. */
  readonly sidecar: boolean;
  /** What it may take of the CPU, the daemon included: a share of one core. */
  readonly cpuBudget: number;
}

/** So long (milliseconds) a last slot is waited for by one who has the time. */
const LAST_SLOTS = 5000;
/** A capture that has had its last slot ends within so many milliseconds. */
const TIDY = 100;
const SEEK_EVERY = 1000;
/** A pod that was just told of is looked for again after a part of the time since, but no sooner. */
const SEEK_AGAIN = { part: 1 / 8, least: 50 };
/** One that is older (seconds) when we are told of it was kept from us: its past is none of ours. */
const NEW = 60;

/** The pods of this node by the UID in their cgroups, each with its captures and their ledgers. */
export class PodRegistry implements PodSink {
  readonly cpu: CpuTime;
  readonly #options: PodRegistryOptions;
  readonly #captures: PodInterfacesOptions;
  readonly #pods = new Map<LocalPod['cgroupUid'], PodCapture>();
  readonly #finder: NamespaceFinder;
  /** When we were started, in seconds since the node was. */
  readonly #started: number;
  readonly #timer: NodeJS.Timeout;
  readonly #controller: CpuBudgetController;
  #soon: NodeJS.Timeout | undefined;
  #listed = false;
  #stopping = false;
  readonly #starts = new StartLimiter();
  #restarts = 0;
  #unparsed = 0;
  #frames = 0;

  constructor(options: PodRegistryOptions) {
    this.#options = options;
    const { proc, interfaces, log, problems, sidecar, cpuBudget } = options;
    const starts = this.#starts;
    const reported = () => void (this.#frames += 1);
    const unparsed = (pod: LocalPod, lines: number) => {
      this.#unparsed += lines;
      problems.report(qualifiedName(pod), 'lines of iftop cannot be read', identity(pod));
    };
    const restarted = () => void (this.#restarts += 1);
    // The kubelet's network plug-in gives a pod its addresses on eth0.
    const primary = interfaces.find((name) => name === 'eth0') ?? interfaces[0] ?? '';
    this.cpu = new CpuTime(proc, () => this.processes);
    const common = { proc, cpu: this.cpu, interfaces, primary, log, problems };
    this.#captures = { ...common, starts, reported, unparsed, restarted, own: sidecar };
    this.#finder = new NamespaceFinder({ proc, interfaces });
    this.#started = statOf(proc, 'self')?.started ?? Infinity;
    this.#controller = new CpuBudgetController({
      cpu: this.cpu,
      budget: cpuBudget,
      captures: () => this.#toCapture,
      problems,
    });
    this.#timer = setInterval(() => {
      for (const observed of this.#pods.values()) observed.look();
      this.#seek(this.#finder.isDue);
    }, SEEK_EVERY).unref();
  }

  get figures() {
    const pods = [...this.#pods.values()].filter(({ gone }) => !gone);
    const states = {
      pending: 0,
      waiting: 0,
      starting: 0,
      running: 0,
      overloaded: 0,
      paused: 0,
      unavailable: 0,
    };
    for (const state of pods.flatMap((pod) => pod.states)) states[state] += 1;
    const interfaces = pods.flatMap((pod) => [...pod.interfaces.values()]);
    return {
      podsSeen: pods.length,
      /** By the API the others have no network yet, or are losing it. */
      podsReady: pods.filter((pod) => pod.states.some((state) => state !== 'pending')).length,
      podsUnfound: this.#unfound(pods),
      sessions: interfaces.filter(({ capture }) => capture?.pid).length,
      sessionRestarts: this.#restarts,
      sessionsOverloaded: states.overloaded,
      sessionsPaused: states.paused,
      unparsedLines: this.#unparsed,
      frames: this.#frames,
      states,
    };
  }

  /** When any iftop was last heard of, by `performance.now()`, if one captures. */
  get heard(): number | undefined {
    const times = this.#interfaces.flatMap(({ capture }) => capture?.heard ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  /** So long (milliseconds) no capture has been started, although some are to be. */
  get stuckFor(): number {
    return this.#starts.stuckFor;
  }

  /** The processes of the captures that run. */
  get processes(): number[] {
    return this.#interfaces.flatMap(({ capture }) => capture?.pid ?? []);
  }

  /** A pod to observe has come, has changed, or was off and is not any more. */
  put(pod: LocalPod, wasOff: boolean): void {
    const known = this.#pods.get(pod.cgroupUid);
    if (known) {
      const isNews = known.tell(pod);
      this.#verify(known);
      if (!known.waits || !isNews) return;
    } else {
      this.#pods.set(
        pod.cgroupUid,
        new PodCapture(pod, { selection: 'selected', wasOff }, this.#captures),
      );
    }
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#seekIn(0);
  }

  /** A pod is gone, or not to be observed any more; its capture ends with it. */
  remove(cgroupUid: LocalPod['cgroupUid']): void {
    this.#pods.get(cgroupUid)?.remove();
  }

  /** These are the pods of this node and no others. */
  replace(told: readonly ListedPod[]): void {
    this.#listed = true;
    const wanted = new Set(told.filter(({ pod }) => pod).map(({ cgroupUid }) => cgroupUid));
    for (const [cgroupUid, observed] of this.#pods) if (!wanted.has(cgroupUid)) observed.remove();
    for (const { cgroupUid, pod, wasOff } of told) {
      const known = this.#pods.get(cgroupUid);
      if (pod) this.put(pod, wasOff);
      // What was captured of it before we knew is nobody's business.
      else if (known?.selection === 'unknown') known.selection = 'excluded';
    }
  }

  /** The clock passes the end of a window. */
  turn(at: number): void {
    for (const observed of this.#pods.values()) observed.turn(at);
  }

  /** The windows that ended at a moment as they are by now. */
  ended(at: number): ClosedWindow[] {
    return [...this.#pods.values()].flatMap((observed) => observed.ended(at));
  }

  /** Closes the oldest window of every interface, if it has ended, and not after `at`. */
  close(at: number): ClosedWindow[] {
    const all = [];
    for (const [cgroupUid, observed] of this.#pods) {
      all.push(...observed.close(at));
      if (observed.finished) this.#pods.delete(cgroupUid);
    }
    return all;
  }

  /** What is known by now of the pod with this UID in its cgroup. */
  known(cgroupUid: LocalPod['cgroupUid']): Pick<ClosedWindow, 'pod' | 'selection'> | undefined {
    return this.#pods.get(cgroupUid);
  }

  /** Ends all captures, each with a last slot if it has one within so many milliseconds. */
  async stop(patience = LAST_SLOTS): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#controller.stop();
    const captures = this.#interfaces.flatMap(({ capture }) => capture ?? []);
    for (const capture of captures) capture.stop(patience);
    const ended = Promise.allSettled(captures.map(({ done }) => done));
    // One that is just being started takes no notice; the kernel ends it with us.
    await Promise.race([ended, sleep(patience + TIDY, undefined, { ref: false })]);
  }

  /** Looks for pods that are without a namespace now and, while they are new, again and again. */
  #seekIn(delay: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#seek(true);
      const ages = this.#waiting.map(({ soughtSince }) => performance.now() - soughtSince);
      const again = Math.max(SEEK_AGAIN.least, Math.min(...ages) * SEEK_AGAIN.part);
      if (again < SEEK_EVERY && !this.#stopping) this.#seekIn(again);
    }, delay);
  }

  /** Pods whose namespace is not found, if none is but our own, which can be looked at without any right. */
  #unfound(pods: readonly PodCapture[]): number {
    if (pods.some(({ netns }) => netns && netns.inode !== this.#finder.own)) return 0;
    return pods.filter(({ netns, states }) => !netns && states.includes('waiting')).length;
  }

  get #interfaces(): InterfaceCapture[] {
    return [...this.#pods.values()].flatMap(({ interfaces }) => [...interfaces.values()]);
  }

  get #toCapture(): InterfaceCapture[] {
    const pods = [...this.#pods.values()].filter(({ gone }) => !gone);
    const interfaces = pods.flatMap((pod) => [...pod.interfaces.values()]);
    return interfaces.filter(({ retired }) => !retired);
  }

  get #waiting(): PodCapture[] {
    return [...this.#pods.values()].filter(({ waits }) => waits);
  }

  /** Looks for the namespaces of pods that have none yet, or not any more; among new processes too, or if one is lost. */
  #seek(anew: boolean): void {
    if (this.#stopping) return;
    if (this.#options.sidecar) {
      const netns = { inode: this.#finder.own ?? 0, pid: 'self' } as const;
      for (const observed of this.#waiting) observed.start(netns, false);
      return;
    }
    const lost = [...this.#pods.values()].filter(({ isLost }) => isLost);
    const isSought = this.#waiting.length > 0 || !this.#listed || this.#finder.doubts;
    if (lost.length > 0 || (anew && isSought)) this.#finder.look();
    if (!this.#listed) this.#discover();
    for (const observed of lost) observed.moveTo(this.#finder.pidsOf(observed.pod.cgroupUid));
    for (const observed of this.#pods.values()) {
      const { pod, netns } = observed;
      if (netns && this.#finder.hasBetter(pod, netns)) observed.leave();
    }
    for (const observed of this.#waiting) {
      const { pod, since } = observed;
      const netns = this.#finder.find(pod);
      if (!netns || this.#isTaken(netns, observed)) {
        observed.missed();
        continue;
      }
      // What fails while its network is still being made would be tried again later than need be.
      const isMade = performance.now() - since > MAKING || !this.#finder.isInTheMaking(pod, netns);
      if (isMade) observed.start(netns, this.#isNew(observed));
    }
  }

  /**
   * While the API has not told the pods of this node, they are captured by the UIDs in their cgroups,
   * so that what passes meanwhile is not lost; but only if the host's namespace can be told from
   * theirs, since no address can be compared yet.
   */
  #discover(): void {
    if (!this.#finder.knowsHost) return;
    for (const cgroupUid of this.#finder.cgroupUids) {
      if (this.#pods.has(cgroupUid)) continue;
      const pod = { uid: '', cgroupUid, namespace: '-', name: cgroupUid, workload: '-', ips: [] };
      this.#pods.set(
        cgroupUid,
        new PodCapture(pod, { selection: 'unknown', wasOff: false }, this.#captures),
      );
    }
  }

  /** The pod was started after we were, and not long before we heard of it; and what passed then is to be counted. */
  #isNew({ pod, since, wasOff }: PodCapture): boolean {
    const { proc } = this.#options;
    const pids = this.#finder.pidsOf(pod.cgroupUid);
    // Of those that have come with it some may have gone since.
    const starts = pids.flatMap((pid) => statOf(proc, pid)?.started ?? []);
    const started = starts.length > 0 ? Math.min(...starts) : -Infinity;
    const age = this.#started + since / 1000 - started;
    return !wasOff && started >= this.#started && age < NEW;
  }

  #isTaken({ inode }: Netns, by: PodCapture): boolean {
    return [...this.#pods.values()].some((other) => other !== by && other.occupies(inode));
  }

  /** The API may have told a pod's addresses after its capture began: is it the right namespace? */
  #verify(observed: PodCapture): void {
    const { proc, log, sidecar } = this.#options;
    const { pod, netns, isLost } = observed;
    if (sidecar || !netns || isLost || this.#finder.confirms(pod, netns)) return;
    // One without an address may be the pod's all the same, but that takes a closer look.
    const what = 'its network namespace has none of its addresses';
    if (!pod.terminating && hasAddress(proc, netns.pid))
      log.warn({ ...identity(pod), ips: pod.ips }, what);
    observed.leave();
  }
}
