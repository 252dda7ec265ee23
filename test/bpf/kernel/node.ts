/** Two pods on the lab's node, and what it takes to count them exactly. To be used inside of test/lab/enter.ts. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CountedInterface, FlowCounter } from '../../../lib/bpf/flow-counter.ts';
import type { CountedFlow, PodCount } from '../../../lib/bpf/records.ts';
import { between, sum } from '../../../lib/linux/interface-counters.ts';
import type { Counters, KernelBytes } from '../../../lib/model.ts';
import { buildNode, plug, unplug } from '../../lab/network.ts';
import { Sandbox } from '../../lab/pod.ts';
import { Processes, sh } from '../../lab/shell.ts';

const TRAFFIC = join(import.meta.dirname, '../../lab/traffic.ts');

/** A pod with one interface. */
export class TestPod {
  readonly ips: readonly string[];
  readonly sandbox: Sandbox;
  readonly link: string;

  constructor(sandbox: Sandbox, ips: readonly string[]) {
    this.sandbox = sandbox;
    this.ips = ips;
    this.link = plug(sandbox.pid, ips);
  }

  get netns() {
    const { pid } = this.sandbox;
    return { pid, inode: statSync(`/proc/${pid}/ns/net`).ino };
  }

  traffic(...args: readonly (string | number)[]): ChildProcess {
    return this.sandbox.run([process.execPath, TRAFFIC, ...args.map(String)]);
  }

  /** The number of its interface. */
  get index(): string {
    const enter = ['-t', `${this.sandbox.pid}`, '-n'];
    return /^\d+/.exec(sh('nsenter', [...enter, 'ip', '-o', 'link', 'show', 'eth0']))?.[0] ?? '';
  }

  /** Runs Perl or JavaScript in the pod to its end. */
  async script(file: string, ...args: readonly string[]): Promise<void> {
    const child = this.sandbox.run([file, '-e', ...args]);
    const { promise, resolve } = Promise.withResolvers<number | null>();
    child.once('exit', resolve);
    assert.equal(await promise, 0);
  }

  async serve(port: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.traffic('serve', port).stdout?.once('data', () => resolve());
    await promise;
  }
}

export class TestNode {
  readonly #processes = new Processes();
  #pods = 0;

  constructor() {
    buildNode();
  }

  async pod(): Promise<TestPod> {
    const cgroups = `${process.env['LAB_DIRECTORY']}/cgroup/${process.env['LAB_NAME']}`;
    const sandbox = await Sandbox.create(cgroups, randomUUID(), this.#processes);
    this.#pods += 1;
    return new TestPod(sandbox, [`10.244.0.${10 + this.#pods}`, `fd00:10:244::1${this.#pods}`]);
  }

  cut(pod: TestPod): void {
    unplug(pod.link);
  }

  async end(): Promise<void> {
    await this.#processes.end();
  }
}

/** What was counted of an interface over several drains. */
export class Sum {
  readonly flows: CountedFlow[] = [];
  readonly notIp: KernelBytes[] = [];
  readonly full: KernelBytes[] = [];

  get total(): KernelBytes {
    return added([...this.flows, ...this.notIp, ...this.full]);
  }

  add({ flows, notIp, full }: PodCount): void {
    this.flows.push(...flows);
    this.notIp.push(notIp);
    this.full.push(full);
  }

  /** What was between two addresses. */
  between(local = '', remote = ''): KernelBytes {
    return added(this.flows.filter((flow) => flow.local === local && flow.remote === remote));
  }
}

export function added(all: readonly KernelBytes[]): KernelBytes {
  return all.reduce(sum, { sent: 0, sentPackets: 0, received: 0, receivedPackets: 0 });
}

/** A counter, and all that it has been drained of. */
export class Counts {
  readonly counter: FlowCounter;
  readonly #sums = new Map<CountedInterface, Sum>();

  constructor(counter: FlowCounter) {
    this.counter = counter;
  }

  of(counted: CountedInterface): Sum {
    return this.#sums.getOrInsertComputed(counted, () => new Sum());
  }

  async drain(): Promise<void> {
    const { counts } = await this.counter.drain();
    for (const [counted, count] of counts) this.of(counted).add(count);
  }

  /**
   * Drains until nothing passed meanwhile.
   * @returns the interface's counters at the moment of the drain
   */
  async settle(pod: TestPod): Promise<Counters> {
    for (;;) {
      const before = pod.sandbox.counters();
      await this.drain();
      const counters = pod.sandbox.counters();
      if (JSON.stringify(counters) === JSON.stringify(before)) return counters;
      await sleep(50);
    }
  }

  /** Compares what is counted of a pod while something happens with its interface's counters. */
  async exactly(pod: TestPod, happening: (sum: Sum) => Promise<void>): Promise<Sum> {
    const counted = await this.counter.attach(pod.netns, 'eth0');
    const before = await this.settle(pod);
    this.#sums.delete(counted);
    await happening(this.of(counted));
    const after = await this.settle(pod);
    assert.deepEqual(this.of(counted).total, between(before, after));
    this.counter.detach(counted);
    await this.drain();
    return this.of(counted);
  }
}
