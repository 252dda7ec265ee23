import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import { BpfError, type CountedInterface } from '../../lib/bpf/flow-counter.ts';
import type { PodCount } from '../../lib/bpf/records.ts';
import { BpfNode, type Counter } from '../../lib/capture/bpf-node.ts';
import { BpfSource } from '../../lib/capture/bpf-source.ts';
import { StartLimiter } from '../../lib/capture/start-limiter.ts';
import type { Counters, KernelBytes, Slot } from '../../lib/model.ts';
import { parseNetDev } from '../../lib/linux/interface-counters.ts';
import { ProcTree } from '../linux/recordings.ts';
import { until } from '../lab/influx.ts';
import { POD } from './fake-source.ts';

const UID = '7a1f4f0e-1a2b-4c3d-8e9f-001122334455';
const UP = '1\teth0      :     1      V3\n';

/** A helper that counts what a test says. */
class FakeCounter implements Counter {
  readonly pid = 99;
  readonly #end = Promise.withResolvers<string>();
  readonly #interfaces = new Map<CountedInterface, PromiseWithResolvers<string>>();
  readonly detached: CountedInterface[] = [];
  refusal: string | undefined;
  /** What an interface that is attached has passed by then. */
  netDev = '';
  attachingFor = 0;
  isStopped = false;
  counts: { sent: number; full?: number; notIp?: number } | undefined;
  drains = 0;
  #why: string | undefined;

  get ended(): Promise<string> {
    return this.#end.promise;
  }

  async attach(): Promise<CountedInterface> {
    if (this.#why !== undefined) throw new BpfError('ERR_BPF_ENDED', this.#why);
    if (this.refusal !== undefined) throw new BpfError('ERR_BPF_ATTACH', this.refusal);
    const ending = Promise.withResolvers<string>();
    await sleep(this.attachingFor);
    const counted = { ended: ending.promise, netDev: this.netDev };
    this.#interfaces.set(counted, ending);
    return counted;
  }

  detach(counted: CountedInterface): void {
    this.detached.push(counted);
    this.#interfaces.get(counted)?.resolve('it was detached');
  }

  declare(): void {}

  async drain() {
    if (this.#why !== undefined) throw new BpfError('ERR_BPF_ENDED', this.#why);
    this.drains += 1;
    if (this.isStopped) await this.#end.promise;
    if (this.#why !== undefined) throw new BpfError('ERR_BPF_ENDED', this.#why);
    const counts = new Map<CountedInterface, PodCount>();
    const { sent, full = 0, notIp = 0 } = this.counts ?? { sent: 0 };
    const flow = { local: '10.0.0.1', remote: '10.0.0.2', protocol: 0, port: 0, ...passed(sent) };
    const count = { flows: [flow], full: passed(full), notIp: passed(notIp) };
    if (this.counts) for (const counted of this.#interfaces.keys()) counts.set(counted, count);
    this.counts = undefined;
    await setImmediate();
    return { at: performance.now(), counts };
  }

  /** The interfaces have gone. */
  lose(): void {
    for (const ending of this.#interfaces.values()) ending.resolve('network is down');
  }

  kill(): void {
    this.die('it was given up');
  }

  die(why: string): void {
    this.#why = why;
    for (const ending of this.#interfaces.values()) ending.resolve(why);
    this.#end.resolve(why);
  }
}

function netDevOf(sent: number): string {
  return `  eth0: 0 0 0 0 0 0 0 0 ${sent + (14 * sent) / 1000} ${sent / 1000} 0 0 0 0 0 0\n`;
}

/** Packets of 1000 bytes. */
function passed(sent: number): KernelBytes {
  return { sent, sentPackets: sent / 1000, received: 0, receivedPackets: 0 };
}

function making(context: TestContext, isUp = true) {
  const tree = new ProcTree(context);
  const write = (sent: number) => {
    const text = netDevOf(sent);
    writeFileSync(join(tree.path, '7/net/dev'), text);
    return text;
  };
  tree.add(7, 'pod', { cgroup: `0::/kubepods/pod${UID}/abc\n`, net_dev: '' });
  writeFileSync(join(tree.path, '7/net/igmp'), isUp ? UP : '');
  let text = write(0);
  const said: string[] = [];
  const say = (fields: object, what: string) => void said.push(`${what} ${JSON.stringify(fields)}`);
  const problems = new Problems({ debug() {}, info: say, warn: say, error: say });
  const counters: FakeCounter[] = [];
  const node = new BpfNode({
    problems,
    startCounter: async () => {
      counters.push(new FakeCounter());
      return counters.at(-1) ?? assert.fail();
    },
  });
  const options = { proc: tree.path, node, starts: new StartLimiter() };
  const slots: Slot[] = [];
  const begun: (Counters | undefined)[] = [];
  const capturing = Promise.withResolvers<Counters | undefined>();
  const source = (cgroupUid = UID) =>
    new BpfSource(
      options,
      {
        iface: 'eth0',
        pod: () => ({ ...POD, cgroupUid }),
        netns: () => ({ inode: tree.inode('pod'), pid: 7 }),
        counters: () => parseNetDev(text, 'eth0'),
      },
      {
        beginning: (at) => void begun.push(at),
        capturing: (_, at) => capturing.resolve(at),
        slot: (slot) => void slots.push(slot),
        overloaded: () => {},
      },
    );
  return {
    node,
    source,
    slots,
    begun,
    said,
    capturing: capturing.promise,
    counter: () => counters.at(-1) ?? assert.fail('no helper'),
    counts: (sent: number) => void (text = write(sent)),
    vanish: () => void (text = ''),
  };
}

const sentOf = (counters: Counters | undefined) =>
  (counters?.sentBytes ?? NaN) - 14 * (counters?.sentPackets ?? NaN);

test('a slot is what was counted between two drains; what found no room is its rest', async (t) => {
  const { source, node, capturing, counter, counts, slots } = making(t);
  counts(5000);
  source();
  assert.equal(sentOf(await capturing), 5000);
  counter().counts = { sent: 2000, full: 3000, notIp: 1000 };
  counts(11_000);
  assert.ok(await node.drain());
  const [slot] = slots;
  assert.equal(slots.length, 1);
  assert.deepEqual(
    slot?.pairs.map(({ remote, sent }) => [remote, sent]),
    [['10.0.0.2', 2000]],
  );
  assert.deepEqual(
    [slot?.rest.sent, sentOf(slot?.before), sentOf(slot?.after)],
    [3000, 5000, 11_000],
  );
});

test('it begins with the reading that the helper made, and a drain waits for that', async (t) => {
  const { source, node, capturing, counter, counts, slots, begun } = making(t);
  // So that there is a helper.
  source();
  await capturing;
  counter().attachingFor = 100;
  counts(2000);
  counter().netDev = netDevOf(3000);
  source();
  await until(() => begun.length === 2, 'the attach');
  counts(7000);
  counter().counts = { sent: 4000 };
  await node.drain();
  const [, slot] = slots;
  assert.deepEqual([sentOf(slot?.before), sentOf(slot?.after)], [3000, 7000]);
});

test('it begins with the reading before it is attached, whatever is counted meanwhile', async (t) => {
  const { source, capturing, counts, begun } = making(t);
  counts(5000);
  source();
  await until(() => begun.length > 0, 'the attach');
  counts(9000);
  assert.deepEqual([begun.map(sentOf), sentOf(await capturing)], [[5000], 5000]);
});

test('what is drained while it begins is not counted again', async (t) => {
  // It is not known yet whether the interface is down.
  const { source, node, capturing, counter, counts, slots } = making(t, false);
  counts(5000);
  source();
  await until(() => node.pid !== undefined, 'the helper');
  await setImmediate();
  counter().counts = { sent: 2000 };
  counts(7000);
  await node.drain();
  const begun = sentOf(await capturing);
  const passed = slots.map(({ before, after }) => sentOf(after) - sentOf(before));
  assert.equal(begun + passed.reduce((sum, bytes) => sum + bytes, 0), 7000);
});

test('an interface at rest has no slots, unless its counters have what the program has not', async (t) => {
  const { source, node, capturing, counts, slots } = making(t);
  source();
  await capturing;
  await node.drain();
  assert.equal(slots.length, 0);
  counts(4000);
  await node.drain();
  assert.deepEqual([slots[0]?.pairs.length, sentOf(slots[0]?.after)], [0, 4000]);
});

test('while somebody watches it is drained at once, and every two seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { source, node, capturing, counter } = making(t);
  source();
  await capturing;
  const drained = async (times: number) =>
    until(() => counter().drains === times, `${times} drains`);
  node.hurry(true);
  await drained(1);
  t.mock.timers.tick(2000);
  await drained(2);
  node.hurry(false);
  t.mock.timers.tick(15_000);
  await setImmediate();
  assert.equal(counter().drains, 2);
  t.mock.timers.tick(1000);
  await drained(3);
});

test('drains that are asked for meanwhile are one drain', async (t) => {
  const { source, node, capturing, counter } = making(t);
  source();
  await capturing;
  await Promise.all([node.drain(), node.drain(), node.drain()]);
  assert.equal(counter().drains, 2);
});

test('an interface that goes has a last slot before it has ended', async (t) => {
  const { source, capturing, counter, slots } = making(t);
  const { done } = source();
  await capturing;
  counter().counts = { sent: 7000 };
  counter().lose();
  assert.equal((await done).reason, 'lost');
  assert.equal(sentOf(slots[0]?.after), 7000);
});

test('a source that is stopped has a last slot', async (t) => {
  const { source, capturing, counter, slots } = making(t);
  const stopped = source();
  await capturing;
  counter().counts = { sent: 1000 };
  stopped.stop();
  assert.equal((await stopped.done).reason, 'stopped');
  assert.equal(slots.length, 1);
});

test('the end of the helper ends the sources, is logged once, and the next source starts it again', async (t) => {
  const { source, node, capturing, counter, said } = making(t);
  const both = [source(), source()];
  await capturing;
  await setImmediate();
  const first = counter();
  first.die('SIGKILL');
  for (const { done } of both) assert.equal((await done).reason, 'shared');
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /helper .* has ended; .*SIGKILL/);
  assert.equal(node.pid, undefined);
  assert.equal((await source().done).reason, 'shared');
  await sleep(300);
  const last = source();
  await until(() => last.pid !== undefined, 'another helper');
  assert.notEqual(counter(), first);
  assert.equal(node.restarts, 1);
});

test('a helper that does not answer at the end is given up, and its sources have ended by then', async (t) => {
  const { source, node, capturing, counter } = making(t);
  let reason: string | undefined;
  void source().done.then((end) => (reason = end.reason));
  await capturing;
  counter().isStopped = true;
  await node.drainWindow(1);
  assert.equal(reason, 'shared');
});

for (const [name, isUp, refusal, end, reason] of [
  ['that is down', false, undefined, true, 'refused'],
  ['that the helper refuses', true, 'no room', false, 'failed'],
] as const) {
  test(`an interface ${name} is ${reason}`, async (t) => {
    const { source, node, counter } = making(t, isUp);
    // So that there is a helper.
    const other = source();
    await until(() => node.pid !== undefined, 'a helper');
    counter().refusal = refusal;
    const { done } = end ? other : source();
    if (end) await until(() => other.pid !== undefined, 'the interface');
    if (end) counter().lose();
    assert.equal((await done).reason, reason);
  });
}

test('an interface that goes while it is attached to is lost, not down', async (t) => {
  const { source, counter, vanish } = making(t, false);
  const going = source();
  await until(() => going.pid !== undefined, 'the interface');
  vanish();
  counter().lose();
  assert.equal((await going.done).reason, 'lost');
});

test('a process that is not the pod’s any more is left', async (t) => {
  const { source } = making(t);
  assert.equal((await source('other').done).reason, 'left');
});

test('a helper that is being started when the agent ends is given up, even if it is ready just then', async () => {
  const counter = new FakeCounter();
  const ready = Promise.withResolvers<Counter>();
  const begun = Promise.withResolvers<AbortSignal>();
  const said: string[] = [];
  const warn = (_: object, what: string) => void said.push(what);
  const problems = new Problems({ debug() {}, info() {}, warn, error: warn });
  const startCounter = async (_: object, signal: AbortSignal) => {
    begun.resolve(signal);
    return ready.promise;
  };
  const node = new BpfNode({ problems, startCounter });
  const listener = { attaching() {}, attached() {}, preparing() {}, drained() {} };
  const attached = node.attach({ pid: 7, inode: 1 }, 'eth0', listener);
  const signal = await begun.promise;
  node.end();
  assert.ok(signal.aborted);
  ready.resolve(counter);
  await assert.rejects(attached, { code: 'ERR_HELPER' });
  assert.equal(await counter.ended, 'it was given up');
  assert.deepEqual(said, []);
});
