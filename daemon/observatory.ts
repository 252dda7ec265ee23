import { setTimeout as sleep } from 'node:timers/promises';
import type { Closed, LocalPod, Log, Netns } from '../lib/model.ts';
import { readCounters } from '../lib/netns/counters.ts';
import { locate, netnsOf } from '../lib/netns/locate.ts';
import { ProcessTable } from '../lib/netns/processes.ts';
import { statOf } from '../lib/netns/stat.ts';
import type { Capture } from './capture.ts';
import type { Troubles } from './log.ts';
import { identity, nameOf, Observed, type ObservedOptions } from './observed.ts';
import { Starts } from './starts.ts';
import { Throttle } from './throttle.ts';

export interface ObservatoryOptions {
  readonly proc: string;
  readonly iface: string;
  readonly log: Log;
  readonly troubles: Troubles;
  /** All pods (it is one) are in our own network namespace. */
  readonly sidecar: boolean;
  /** What it may take of the CPU, the daemon included: a share of one core. */
  readonly cpuBudget: number;
}

/** A pod of this node as the API tells it: undefined if it is none to observe. */
export interface Told {
  readonly cgroupUid: LocalPod['cgroupUid'];
  readonly pod: LocalPod | undefined;
  /** It was turned off before: what passed then is not to be counted. */
  readonly wasOff: boolean;
}

/** So long (milliseconds) a last slot is waited for by one who has the time. */
const LAST_SLOTS = 5000;
/** A capture that has had its last slot ends within so many milliseconds. */
const TIDY = 100;
const SEEK_EVERY = 1000;
/** A pod that was just told of is looked for again after a part of the time since, but no sooner. */
const SEEK_AGAIN = { part: 1 / 8, least: 50 };
/** So long a pod without an address may be without an interface (milliseconds), and is waited for. */
const MAKING = 10_000;
/** One that is older (seconds) when we are told of it was kept from us: its past is none of ours. */
const NEW = 60;

/** The pods of this node by the UID in their cgroups, each with its capture and its ledger. */
export class Observatory {
  readonly #options: ObservatoryOptions;
  readonly #captures: ObservedOptions;
  readonly #pods = new Map<LocalPod['cgroupUid'], Observed>();
  readonly #own: Netns['inode'] | undefined;
  readonly #host: Netns['inode'] | undefined;
  readonly #processes: ProcessTable;
  /** When we were started, in seconds since the node was. */
  readonly #started: number;
  /** Namespaces that are no pod's to us: the host's and our own. */
  readonly #forbidden: ReadonlySet<Netns['inode']>;
  readonly #timer: NodeJS.Timeout;
  readonly #throttle: Throttle;
  #soon: NodeJS.Timeout | undefined;
  #listed = false;
  #stopping = false;
  readonly #starts = new Starts();
  #restarts = 0;
  #unparsed = 0;
  #frames = 0;

  constructor(options: ObservatoryOptions) {
    this.#options = options;
    const { proc, iface, log, troubles, sidecar, cpuBudget } = options;
    const starts = this.#starts;
    const reported = () => void (this.#frames += 1);
    const unparsed = (pod: LocalPod, lines: number) => {
      this.#unparsed += lines;
      troubles.say(nameOf(pod), 'lines of iftop cannot be read', identity(pod));
    };
    const restarted = () => void (this.#restarts += 1);
    const common = { proc, iface, log, troubles };
    this.#captures = { ...common, starts, reported, unparsed, restarted, own: sidecar };
    this.#processes = new ProcessTable(proc);
    this.#started = statOf(proc, 'self')?.started ?? Infinity;
    this.#own = netnsOf(proc, 'self');
    this.#host = netnsOf(proc, 1);
    const forbidden = [this.#own, this.#host];
    this.#forbidden = new Set(forbidden.filter((inode) => inode !== undefined));
    this.#throttle = new Throttle({ proc, budget: cpuBudget, pods: this.#pods, troubles });
    this.#timer = setInterval(() => {
      this.#look();
      this.#seek(true);
    }, SEEK_EVERY).unref();
  }

  get figures() {
    const pods = [...this.#pods.values()].filter(({ gone }) => !gone);
    const states = { waiting: 0, starting: 0, running: 0, overloaded: 0, paused: 0 };
    for (const { state } of pods) states[state] += 1;
    return {
      podsSeen: pods.length,
      sessions: pods.filter(({ capture }) => capture?.pid).length,
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
    const times = [...this.#pods.values()].flatMap(({ capture }) => capture?.heard ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  /** So long (milliseconds) no capture has been started, although some are to be. */
  get stuckFor(): number {
    return this.#starts.stuckFor;
  }

  /** The processes of the captures that run. */
  get processes(): number[] {
    return [...this.#pods.values()].flatMap(({ capture }) => capture?.pid ?? []);
  }

  /** A pod to observe has come, has changed, or was off and is not any more. */
  put(pod: LocalPod, wasOff: boolean): void {
    const known = this.#pods.get(pod.cgroupUid);
    if (known) {
      known.tell(pod);
      if (known.capture) this.#verify(pod, known.capture);
    } else {
      this.#pods.set(pod.cgroupUid, new Observed(pod, { told: 'wanted', wasOff }, this.#captures));
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
  replace(told: readonly Told[]): void {
    this.#listed = true;
    const wanted = new Set(told.filter(({ pod }) => pod).map(({ cgroupUid }) => cgroupUid));
    for (const [cgroupUid, observed] of this.#pods) if (!wanted.has(cgroupUid)) observed.remove();
    for (const { cgroupUid, pod, wasOff } of told) {
      const known = this.#pods.get(cgroupUid);
      if (pod) this.put(pod, wasOff);
      // What was captured of it before we knew is nobody's business.
      else if (known?.told === 'nothing') known.told = 'unwanted';
    }
  }

  /** The clock passes the end of a window. */
  turn(at: number): void {
    for (const observed of this.#pods.values()) observed.turn(at);
  }

  /** The windows that ended at a moment as they are by now. */
  ended(at: number): Closed[] {
    return [...this.#pods.values()].flatMap((observed) => {
      const window = observed.ended(at);
      return window ? [closed(observed, window)] : [];
    });
  }

  /** Closes the oldest window of every pod, if it has ended, and not after `at`. */
  close(at: number): Closed[] {
    const all = [];
    for (const [cgroupUid, observed] of this.#pods) {
      const window = observed.close(at);
      if (window) all.push(closed(observed, window));
      if (observed.finished) this.#pods.delete(cgroupUid);
    }
    return all;
  }

  /** What is known by now of the pod with this UID in its cgroup. */
  known(cgroupUid: LocalPod['cgroupUid']): Pick<Closed, 'pod' | 'told'> | undefined {
    return this.#pods.get(cgroupUid);
  }

  /** Ends all captures, each with a last slot if it has one within so many milliseconds. */
  async stop(patience = LAST_SLOTS): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#throttle.stop();
    const captures = [...this.#pods.values()].flatMap(({ capture }) => capture ?? []);
    for (const capture of captures) capture.stop(patience);
    const ended = Promise.allSettled(captures.map(({ done }) => done));
    // One that is just being started takes no notice; the kernel ends it with us.
    await Promise.race([ended, sleep(patience + TIDY, undefined, { ref: false })]);
  }

  #seekIn(delay: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#seek(false);
      const ages = [...this.#pods.values()].flatMap(({ gone, state, capture, since }) =>
        gone || capture || state === 'paused' ? [] : performance.now() - since,
      );
      const again = Math.max(SEEK_AGAIN.least, Math.min(...ages) * SEEK_AGAIN.part);
      if (again < SEEK_EVERY && !this.#stopping) this.#seekIn(again);
    }, delay);
  }

  /** Where no capture runs nobody else reads the counters, and they may be the last of their interface. */
  #look(): void {
    for (const observed of this.#pods.values()) if (!observed.capture) observed.counters();
  }

  /** Looks for the namespaces of pods that have none yet, or not any more. */
  #seek(everywhere: boolean): void {
    if (this.#stopping) return;
    const { proc, sidecar } = this.#options;
    const waiting = () => [...this.#pods.values()].filter(({ waits }) => waits);
    const lost = [...this.#pods.values()].filter(({ isLost }) => isLost);
    const discovering = !sidecar && !this.#listed;
    if (waiting().length + lost.length === 0 && !discovering) return;

    if (sidecar) {
      const netns = { inode: this.#own ?? 0, pid: process.pid };
      for (const observed of waiting()) observed.start(netns, false);
      return;
    }
    const processes = everywhere ? this.#processes.all() : this.#processes.recent();
    if (discovering) this.#discover(processes.keys());
    for (const observed of lost) observed.moveTo(processes.get(observed.pod.cgroupUid) ?? []);
    for (const observed of waiting()) {
      const { pod, since, wasOff } = observed;
      const pids = processes.get(pod.cgroupUid) ?? [];
      const netns = locate(proc, pod, pids, this.#forbidden);
      // Its network is still being made: what fails now would be tried again later than need be.
      const making = pod.ips.length === 0 && performance.now() - since < MAKING;
      if (netns && making && !this.#hasInterface(netns)) continue;
      if (netns && !this.#isTaken(netns)) {
        observed.start(netns, !wasOff && this.#isNew(pids, since));
      }
    }
  }

  /**
   * While the API has not told the pods of this node, they are captured by the UIDs in their cgroups,
   * so that what passes meanwhile is not lost; but only if the host's namespace can be told from
   * theirs, since no address can be compared yet.
   */
  #discover(cgroupUids: Iterable<LocalPod['cgroupUid']>): void {
    if (this.#host === undefined) return;
    for (const cgroupUid of cgroupUids) {
      if (this.#pods.has(cgroupUid)) continue;
      const pod = { uid: '', cgroupUid, namespace: '-', name: cgroupUid, workload: '-', ips: [] };
      this.#pods.set(
        cgroupUid,
        new Observed(pod, { told: 'nothing', wasOff: false }, this.#captures),
      );
    }
  }

  /** The pod was started after we were, and not long before we heard of it. */
  #isNew(pids: readonly number[], since: number): boolean {
    const started = Math.min(...pids.map((pid) => statOf(this.#options.proc, pid)?.started ?? 0));
    return started >= this.#started && this.#started + since / 1000 - started < NEW;
  }

  #hasInterface({ inode, pid }: Netns): boolean {
    const { proc, iface } = this.#options;
    return readCounters(proc, inode, [pid], iface) !== undefined;
  }

  #isTaken({ inode }: Netns): boolean {
    return [...this.#pods.values()].some(({ capture }) => capture?.netns.inode === inode);
  }

  /** The API has told a pod's addresses after its capture began: is it the right namespace? */
  #verify(pod: LocalPod, capture: Capture): void {
    const { proc, log } = this.#options;
    const { inode, pid } = capture.netns;
    const alive = netnsOf(proc, pid) === inode;
    if (this.#options.sidecar || !alive || locate(proc, pod, [pid], this.#forbidden)) return;
    log.warn({ ...identity(pod), ips: pod.ips }, 'its network namespace has none of its addresses');
    capture.stop();
  }
}

/** Plain data: what is known of the pod later is no part of it. */
function closed({ pod, told }: Observed, window: Closed['window']): Closed {
  return { pod, told, window };
}
