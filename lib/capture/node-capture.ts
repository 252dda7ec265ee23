import { setTimeout as sleep } from 'node:timers/promises';
import { ExactLedger } from '../accounting/exact-ledger.ts';
import { Ledger } from '../accounting/ledger.ts';
import { CONDITIONS } from '../conditions.ts';
import type { ClosedWindow, LocalPod, Log, ProblemLog } from '../model.ts';
import { CgroupWatch } from '../linux/cgroup-watch.ts';
import { CpuTime } from '../linux/cpu-time.ts';
import type { DeclaredPorts } from '../kubernetes/declared-ports.ts';
import type { PodSink } from '../kubernetes/selection.ts';
import { BpfNode } from './bpf-node.ts';
import { BpfSource } from './bpf-source.ts';
import { REPORTED_STATES, type ReportedState } from './capture-state.ts';
import { CpuBudgetController } from './cpu-budget-controller.ts';
import { identity, qualifiedName } from './identity.ts';
import { IftopSource } from './iftop-source.ts';
import type { InterfaceCapture } from './interface-capture.ts';
import type { InterfaceCaptureOptions, SlotTap, SlotWatcher } from './interface-capture-types.ts';
import { NamespaceFinder } from './namespace-finder.ts';
import { NamespaceSearch } from './namespace-search.ts';
import type { PodCapture } from './pod-capture.ts';
import { PodRegistry } from './pod-registry.ts';
import { StartLimiter } from './start-limiter.ts';

export interface NodeCaptureOptions {
  readonly proc: string;
  /** The interfaces to capture, where a pod has them. */
  readonly interfaces: readonly string[];
  readonly log: Log;
  readonly problems: ProblemLog;
  /** The only pod is in the agent's own network namespace. */
  readonly sidecar: boolean;
  /** The share of one core that the agent and its captures may take. */
  readonly cpuBudget: number;
  /** What captures: an iftop for each interface, or the kernel for all. */
  readonly source?: SourceName;
  /** The ports that tell which end of a flow listens; undefined if flows are to have no port. */
  readonly ports?: DeclaredPorts | undefined;
}

export type SourceName = 'iftop' | 'bpf';

type SourceOptions = Pick<InterfaceCaptureOptions, 'startSource' | 'createLedger'>;

/** Milliseconds to wait for last slots. */
const LAST_SLOTS = 5000;
/** A source that has had its last slot ends within so many milliseconds. */
const TIDY = 100;

/** The capture of all pods of this node: registry, namespace search and CPU budget put together. */
export class NodeCapture {
  readonly cpu: CpuTime;
  readonly #registry: PodRegistry;
  readonly #search: NamespaceSearch;
  readonly #cgroups: CgroupWatch | undefined;
  readonly #finder: NamespaceFinder;
  /** With iftops: counting in the kernel takes too little to pause it. */
  readonly #controller: CpuBudgetController | undefined;
  readonly #starts = new StartLimiter();
  /** With the source `bpf`. */
  readonly #bpf: BpfNode | undefined;
  readonly #tap: SlotTap = { watcher: undefined };
  readonly #counts = { captureRestarts: 0, unparsedLines: 0, frames: 0 };

  constructor(options: NodeCaptureOptions) {
    const { proc, interfaces, log, problems, sidecar, cpuBudget, source, ports } = options;
    this.cpu = new CpuTime(proc, () => this.processes);
    this.#bpf = source === 'bpf' ? new BpfNode({ problems, ports }) : undefined;
    const registry = new PodRegistry(
      {
        proc,
        interfaces,
        log,
        problems,
        ...(this.#bpf ? this.#counting(this.#bpf, options) : this.#iftops(options)),
        restarted: () => void (this.#counts.captureRestarts += 1),
        tap: this.#tap,
      },
      (pod, isNews) => this.#search.changed(pod, isNews),
    );
    const finder = new NamespaceFinder({ proc, interfaces });
    [this.#registry, this.#finder] = [registry, finder];
    this.#search = new NamespaceSearch({ proc, log, sidecar, finder, registry });
    if (!sidecar)
      this.#cgroups = new CgroupWatch({
        // The agent's container has a cgroup namespace of its own, which shows none of the node's.
        root: `${proc}/1/root/sys/fs/cgroup`,
        changed: (cgroupUid) => this.#search.hint(cgroupUid),
        failed: ({ message }) => log.debug({ error: message }, 'not all cgroups can be watched'),
      });
    if (!this.#bpf)
      this.#controller = new CpuBudgetController({
        cpu: this.cpu,
        budget: cpuBudget,
        captures: () => this.#toCapture,
        problems,
      });
  }

  get source(): SourceName {
    return this.#bpf ? 'bpf' : 'iftop';
  }

  /** Takes the pods that are to be captured. */
  get pods(): PodSink {
    return this.#registry;
  }

  get figures() {
    const pods = this.#registry.pods.filter(({ gone }) => !gone);
    const counts = REPORTED_STATES.map((state) => [state, 0] as const);
    const states = Object.fromEntries(counts) as Record<ReportedState, number>;
    const byPod = pods.map(({ interfaces }) => interfaces.states);
    for (const state of byPod.flat()) states[state] += 1;
    return {
      podsSeen: pods.length,
      /** The API server reports of the others that their network is not made yet, or is being removed. */
      podsReady: byPod.filter((each) => each.some((state) => state !== 'pending')).length,
      podsUnfound: this.#unfound(pods),
      captures: pods.flatMap(({ interfaces }) => interfaces.all).filter(({ source }) => source?.pid)
        .length,
      states,
    };
  }

  /** How often something has happened since the start. */
  get counts() {
    return { ...this.#counts, helperRestarts: this.#bpf?.restarts ?? 0 };
  }

  /** Whoever is to be told of all slots from now on; undefined: nobody. They come every two seconds then, with either source. */
  watch(watcher: SlotWatcher | undefined): void {
    this.#tap.watcher = watcher;
    this.#bpf?.hurry(watcher !== undefined);
  }

  /** When any source was last heard of, by `performance.now()`; undefined if none captures. */
  get heard(): number | undefined {
    const times = this.#interfaces.flatMap(({ source }) => source?.heard ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  /** Milliseconds for which no source has been started, although some are to be. */
  get stuckFor(): number {
    return this.#starts.stuckFor;
  }

  /** The processes that capture. */
  get processes(): number[] {
    return [...new Set(this.#interfaces.flatMap(({ source }) => source?.pid ?? []))];
  }

  /** To be called every second. */
  tick(): void {
    for (const pod of this.#registry.pods) pod.interfaces.refresh();
    this.#search.tick();
    this.#controller?.tick();
  }

  /** What is known by now of the pod with this UID in its cgroup. */
  known(cgroupUid: LocalPod['cgroupUid']): Pick<ClosedWindow, 'pod' | 'selection'> | undefined {
    return this.#registry.known(cgroupUid);
  }

  /**
   * The clock passes the end of a window. What the kernel has counted by now is waited for, at most for so many milliseconds;
   * with iftop all is done when this returns.
   */
  async turn(at: number, patience?: number): Promise<void> {
    if (this.#bpf) await this.#bpf.drainWindow(patience);
    for (const pod of this.#registry.pods) pod.interfaces.turn(at);
  }

  /** The windows that ended at a moment, as they are by now. */
  ended(at: number): ClosedWindow[] {
    return this.#registry.pods.flatMap(({ interfaces }) => interfaces.ended(at));
  }

  /** Closes the oldest window of every interface, if it has ended, and not after `at`. */
  close(at: number): ClosedWindow[] {
    const closed = this.#registry.pods.flatMap(({ interfaces }) => interfaces.close(at));
    this.#registry.forgetFinished();
    return closed;
  }

  /** Ends all captures, each with a last slot if that can be had within so many milliseconds. */
  async stop(patience = LAST_SLOTS): Promise<void> {
    this.#search.stop();
    this.#cgroups?.close();
    // It has been drained when the last window ended.
    if (this.#bpf) {
      this.#bpf.end();
      return;
    }
    const ended = Promise.all(this.#interfaces.map((iface) => iface.stop(patience)));
    // A source that is being started is not waited for: the kernel ends it with the agent.
    await Promise.race([ended, sleep(patience + TIDY, undefined, { ref: false })]);
  }

  #iftops(options: NodeCaptureOptions): SourceOptions {
    const { proc, interfaces, log, problems, sidecar } = options;
    const counts = this.#counts;
    const iftop = {
      proc,
      cpu: this.cpu,
      // The kubelet's network plug-in gives a pod its addresses on eth0.
      primary: interfaces.find((name) => name === 'eth0') ?? interfaces[0] ?? '',
      own: sidecar,
      log,
      starts: this.#starts,
      reported: () => void (counts.frames += 1),
      unparsed: (pod: LocalPod, lines: number) => {
        counts.unparsedLines += lines;
        problems.report(qualifiedName(pod), CONDITIONS.linesUnreadable, identity(pod));
      },
    };
    return {
      startSource: (target, listener) => new IftopSource(iftop, target, listener),
      createLedger: (start) => new Ledger(start),
    };
  }

  #counting(node: BpfNode, { proc }: NodeCaptureOptions): SourceOptions {
    const bpf = { proc, node, starts: this.#starts };
    return {
      startSource: (target, listener) => new BpfSource(bpf, target, listener),
      createLedger: (start) => new ExactLedger(start),
    };
  }

  /** Pods whose namespace is not found; 0 if any other than the agent's own, which needs no privileges, is found. */
  #unfound(pods: readonly PodCapture[]): number {
    const all = pods.map(({ interfaces }) => interfaces);
    if (all.some(({ netns }) => netns && netns.inode !== this.#finder.own)) return 0;
    return all.filter(({ netns, states }) => !netns && states.includes('waiting')).length;
  }

  get #toCapture(): InterfaceCapture[] {
    const pods = this.#registry.pods.filter(({ gone }) => !gone);
    return pods.flatMap(({ interfaces }) => interfaces.all).filter(({ isRetired }) => !isRetired);
  }

  get #interfaces() {
    return this.#registry.pods.flatMap(({ interfaces }) => interfaces.all);
  }
}
