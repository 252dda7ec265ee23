import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOTHING } from '../bytes.ts';
import { BpfError, type CountedInterface } from '../bpf/flow-counter.ts';
import { portTag } from '../bpf/port-tag.ts';
import { type PodCount, totalOf } from '../bpf/records.ts';
import type { Counters, KernelBytes } from '../model.ts';
import {
  countersOf,
  isAfter,
  parseNetDev,
  passedBy,
  sum,
  UNUSED,
} from '../linux/interface-counters.ts';
import { readLinks } from '../linux/interfaces.ts';
import { NetnsGoneError, openNetns } from '../linux/netns-exec.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import { timeOf } from '../time-of.ts';
import { type BpfNode, type DrainListener, HelperError } from './bpf-node.ts';
import { reconciled } from './reconciled.ts';
import type { Source, SourceEnd, SourceListener, SourceTarget } from './source.ts';
import type { StartLimiter } from './start-limiter.ts';

export interface BpfSourceOptions {
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly node: Pick<BpfNode, 'pid' | 'drainedAt' | 'attach' | 'detach' | 'forget' | 'drain'>;
  /** Bounds how many sources are being started at once. */
  readonly starts: StartLimiter;
}

/** Milliseconds after which an interface that was attached and is down has said so. */
const DOWN = 50;

/** A source that the node's eBPF counter counts for: a slot has what was counted between two drains, to the byte. */
export class BpfSource implements Source, DrainListener {
  readonly done: Promise<SourceEnd>;
  readonly #options: BpfSourceOptions;
  readonly #target: SourceTarget;
  readonly #listener: SourceListener;
  #counted: CountedInterface | undefined;
  #isStopping = false;
  #isCapturing = false;
  #since = 0;
  /** The end of the last slot, in milliseconds since 1970. */
  #from = 0;
  /** What the interface had passed then. */
  #passed: KernelBytes = passedBy(UNUSED);
  /** The counters just before the attach or drain that is under way, if they could be read. */
  #least: Counters | undefined;

  constructor(options: BpfSourceOptions, target: SourceTarget, listener: SourceListener) {
    [this.#options, this.#target, this.#listener] = [options, target, listener];
    this.done = this.#run().catch((error: Error) => ({
      reason: this.#isStopping ? 'stopped' : this.#reasonOf(error),
      error: error.message,
    }));
  }

  get pid(): number | undefined {
    return this.#counted && this.#options.node.pid;
  }

  get heard(): number | undefined {
    return this.#counted && Math.max(this.#since, this.#options.node.drainedAt);
  }

  /** The last slot comes with a drain, which takes milliseconds. */
  stop(): void {
    this.#isStopping = true;
    if (this.#counted) this.#options.node.detach(this.#counted);
  }

  attaching(): void {
    this.#least = this.#target.counters() ?? this.#least;
    this.#listener.beginning?.(this.#least);
  }

  attached(counted: CountedInterface): void {
    // What passed until then is in no slot.
    const counters = parseNetDev(counted.netDev, this.#target.iface) ?? this.#least;
    if (counters) this.#passed = passedBy(counters);
    [this.#since, this.#from] = [performance.now(), Date.now()];
    this.#counted = counted;
  }

  preparing(): void {
    this.#least = this.#target.counters();
  }

  drained(at: number, count: PodCount | undefined): void {
    const to = timeOf(at);
    // The clock may have been set back.
    const from = Math.min(this.#from, to);
    const before = countersOf(this.#passed);
    this.#from = to;
    this.#passed = this.#reconciled(count);
    // What is drained before the listener knows of the capture is in no slot.
    if (!this.#isCapturing) return;
    const after = countersOf(this.#passed);
    if (!count && isAfter(before, after)) return;
    const { flows, full } = count ?? { flows: [], full: NOTHING };
    const pairs = flows.map((flow) => {
      const { local, remote, sent, received } = flow;
      const pair = { local, remote, from, to, sent, received };
      const port = portTag(flow);
      return port === undefined ? pair : { ...pair, port };
    });
    const rest = { sent: full.sent, received: full.received };
    this.#listener.slot({ from, to, pairs, rest, lag: NOTHING, before, after });
  }

  /** What the interface has passed by the end of a slot. */
  #reconciled(count: PodCount | undefined): KernelBytes {
    const before = this.#passed;
    const expected = count ? sum(before, totalOf(count)) : before;
    const least = this.#least;
    // Nothing has passed as far as the program knows: the counters are not read twice.
    const most = count && this.#counted ? this.#target.counters() : least;
    // The counters of another interface, which has the name of one that has gone, say nothing of that.
    if (!this.#counted || !least || !most || !isAfter(most, least)) return expected;
    return reconciled({ before, expected, least: passedBy(least), most: passedBy(most) });
  }

  async #run(): Promise<SourceEnd> {
    const { node, starts } = this.#options;
    const counted = await starts.add(async () => (this.#isStopping ? undefined : this.#attach()));
    if (!counted) return { reason: 'stopped', error: undefined };
    this.#isCapturing = true;
    this.#listener.capturing(this.#target.netns().pid, countersOf(this.#passed));
    if (this.#isStopping) node.detach(counted);
    const error = await counted.ended;
    this.#counted = undefined;
    const isDrained = await node.drain();
    node.forget(counted);
    if (!isDrained) return { reason: 'shared', error };
    return { reason: this.#isStopping ? 'stopped' : 'lost', error };
  }

  async #attach(): Promise<CountedInterface> {
    const { proc, node } = this.#options;
    const [netns, { iface }] = [this.#target.netns(), this.#target];
    closeSync(openNetns(proc, netns, this.#target.pod().cgroupUid));
    this.#least = this.#target.counters();
    if (!this.#least) throw new InterfaceGoneError(`there is no ${iface}`);
    const counted = await node.attach(netns, iface, this);
    if (readLinks(proc, netns.pid).has(iface)) return counted;
    const error = await Promise.race([counted.ended, sleep(DOWN, undefined)]);
    if (error === undefined) return counted;
    this.#counted = undefined;
    node.forget(counted);
    throw new RefusedError(error);
  }

  #reasonOf(error: Error): SourceEnd['reason'] {
    if (error instanceof HelperError) return 'shared';
    if (error instanceof InterfaceGoneError) return 'lost';
    if (error instanceof NetnsGoneError) return 'left';
    const isRefused = error instanceof RefusedError;
    if (!isRefused && !(error instanceof BpfError)) throw error;
    const { inode, pid } = this.#target.netns();
    if (netnsOf(this.#options.proc, pid) !== inode) return 'left';
    if (!this.#target.counters()) return 'lost';
    return isRefused ? 'refused' : 'failed';
  }
}

class InterfaceGoneError extends Error {}

/** The interface is down. */
class RefusedError extends Error {}
