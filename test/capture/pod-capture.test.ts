import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { InterfaceCapture } from '../../lib/capture/interface-capture.ts';
import type { SlotTap } from '../../lib/capture/interface-capture-types.ts';
import type { PodCapture } from '../../lib/capture/pod-capture.ts';
import { NOTHING } from '../../lib/bytes.ts';
import type { LocalPod } from '../../lib/model.ts';
import { ProcTree } from '../linux/recordings.ts';
import { fakeCaptures, FakeSource, POD } from './fake-source.ts';

const NO_ETH0 = '    lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n';
const netDev = (bytes: number) => `  eth0: 0 0 0 0 0 0 0 0 ${bytes} 0 0 0 0 0 0 0\n`;

/** A pod whose only process is in a namespace where eth0 has sent so many bytes; its capture is being started. */
class Captured extends ProcTree {
  readonly pod: PodCapture;
  readonly said: ReturnType<typeof fakeCaptures>['said'];
  readonly tap: SlotTap;
  readonly #sources: readonly FakeSource[];
  readonly #later: (by: number) => void;

  constructor(context: TestContext, bytes: number, pod: LocalPod = POD) {
    super(context);
    const fake = fakeCaptures(this.path);
    [this.#sources, this.said, this.tap] = [fake.sources, fake.said, fake.options.tap];
    let late = 0;
    const [now, time] = [performance.now.bind(performance), Date.now];
    context.mock.method(performance, 'now', () => now() + late);
    context.mock.method(Date, 'now', () => time() + late);
    this.#later = (by) => void (late += by);
    this.pod = fake.pod(pod);
    this.process(7, 'first', bytes);
    this.start(7, 'first');
  }

  start(pid: number, netns: string): void {
    this.pod.start({ inode: this.inode(netns), pid }, false);
  }

  /** The capture is paused, and its source has ended. */
  async pause(): Promise<void> {
    this.eth0.pause();
    await this.source.end();
  }

  /** The source that was started last. */
  get source(): FakeSource {
    return this.#sources.at(-1) ?? assert.fail('no source');
  }

  get started(): number {
    return this.#sources.length;
  }

  get eth0(): InterfaceCapture {
    return this.pod.interfaces.all.find(({ name }) => name === 'eth0') ?? assert.fail('no eth0');
  }

  wait(seconds: number): void {
    this.#later(1000 * seconds);
    this.pod.interfaces.refresh();
  }

  process(pid: number, netns: string, bytes: number): void {
    this.add(pid, netns, { net_dev: netDev(bytes) });
  }

  interfaces(text: string): void {
    writeFileSync(join(this.path, '7/net/dev'), text);
  }

  sent(bytes: number): void {
    this.interfaces(netDev(bytes));
  }

  /** The process ends, and with it what it was in. */
  end(pid: number): void {
    rmSync(join(this.path, `${pid}`), { recursive: true });
  }

  /** The window that ends now. */
  close() {
    this.#later(1000);
    this.pod.interfaces.turn(Date.now());
    const { kernel, paused, uncaptured, overloaded } = this.pod.interfaces.close()[0]?.window ?? {};
    return { kernel: kernel?.sent, paused: paused?.sent, uncaptured: uncaptured?.sent, overloaded };
  }
}

describe('a source that', () => {
  test('has failed is followed by another one, later each time', async (t) => {
    const node = new Captured(t, 0);
    for (const seconds of [0.3, 0.6]) {
      await node.source.end('failed');
      assert.deepEqual(node.pod.interfaces.states, ['waiting']);
      const { started } = node;
      node.pod.interfaces.refresh();
      assert.equal(node.started, started);
      node.wait(seconds);
      assert.equal(node.started, started + 1);
    }
    node.source.capture(7);
    assert.deepEqual(node.pod.interfaces.states, ['running']);
    node.wait(61);
    node.pod.interfaces.turn(Date.now());
    assert.deepEqual(
      node.said.map(({ what }) => what),
      ['capture failed; it is tried again'],
    );
  });

  test('is at its limits marks windows until it, or the next one, has kept up for a while', async (t) => {
    const node = new Captured(t, 0);
    node.source.capture(7);
    node.source.listener.overloaded(true);
    await node.source.end('overload');
    node.sent(300);
    const { kernel, overloaded } = node.close();
    assert.deepEqual({ kernel, overloaded }, { kernel: 300, overloaded: true });
    node.wait(3);
    assert.equal(node.started, 1);
    node.wait(2);
    node.source.capture(7);
    assert.deepEqual(node.pod.interfaces.states, ['overloaded']);
    node.source.listener.overloaded(false);
    assert.deepEqual(node.pod.interfaces.states, ['running']);
    assert.equal(node.close().overloaded, true);
    assert.equal(node.close().overloaded, false);
  });

  test('reports a slot tells whoever watches of it, with its pod, and the window as ever', (t) => {
    const node = new Captured(t, 0);
    node.source.capture(7);
    const from = Date.now();
    const told: string[] = [];
    const report = (bytes: number) => {
      const rest = { sent: bytes, received: 0 };
      const none = { before: undefined, after: undefined, lag: NOTHING };
      node.source.listener.slot({ from, to: from + 500, pairs: [], rest, ...none });
    };
    report(1);
    node.tap.watcher = ({ pod }, iface, { rest }) =>
      void told.push(`${pod.name} ${iface} ${rest.sent}`);
    report(2);
    node.tap.watcher = undefined;
    report(4);
    assert.deepEqual(told, ['web-0 eth0 2']);
    node.wait(1);
    node.pod.interfaces.turn(Date.now());
    assert.equal(node.pod.interfaces.close()[0]?.window.rest.sent, 7);
  });

  test('is refused leaves its interface unavailable, until one captures it', async (t) => {
    const node = new Captured(t, 0);
    await node.source.end('refused');
    assert.deepEqual(node.pod.interfaces.states, ['unavailable']);
    node.wait(10);
    assert.equal(node.started, 2);
    assert.deepEqual(node.pod.interfaces.states, ['unavailable']);
    node.source.capture(7);
    assert.deepEqual(node.pod.interfaces.states, ['running']);
  });

  test('has left the namespace makes the pod be sought', async (t) => {
    const node = new Captured(t, 0);
    await node.source.end('left');
    assert.equal(node.pod.isSought, true);
  });

  test('ends by itself while it is asked to leaves nothing uncounted', async (t) => {
    const node = new Captured(t, 0);
    node.source.capture(7);
    node.sent(200);
    node.pod.remove();
    assert.ok(node.source.isStopping);
    await node.source.end('failed');
    const { kernel, uncaptured } = node.close();
    assert.deepEqual({ kernel, uncaptured }, { kernel: 200, uncaptured: 200 });
    assert.deepEqual(node.said, []);
  });
});

test('a paused pod that dies has its totals up to the last reading', async (t) => {
  const node = new Captured(t, 1000);
  await node.pause();
  node.close();
  node.sent(5000);
  node.pod.interfaces.refresh();
  node.end(7);
  node.pod.remove();
  const { kernel, paused } = node.close();
  assert.deepEqual({ kernel, paused }, { kernel: 4000, paused: 4000 });
});

test('a paused pod that gets another network namespace is captured there', async (t) => {
  const node = new Captured(t, 1000);
  await node.pause();
  node.end(7);
  node.process(8, 'second', 500);
  assert.deepEqual(node.pod.interfaces.states, ['paused']);
  assert.equal(node.pod.isLost, true);
  node.pod.interfaces.moveTo([8]);
  assert.equal(node.pod.isSought, true);
  node.start(8, 'second');
  assert.equal(node.source.target.netns().pid, 8);
});

test('a paused pod whose namespace turns out to be another pod’s is captured in its own when it is found', async (t) => {
  const node = new Captured(t, 1000);
  await node.pause();
  node.process(8, 'second', 500);
  node.pod.interfaces.leave();
  node.eth0.resume();
  assert.equal(node.started, 1);
  node.start(8, 'second');
  assert.equal(node.source.target.netns().pid, 8);
});

test('a capture that is resumed while its source ends starts another one then', async (t) => {
  const node = new Captured(t, 0);
  node.source.capture(7);
  node.eth0.pause();
  node.eth0.resume();
  assert.equal(node.started, 1);
  await node.source.end();
  node.wait(1);
  assert.equal(node.started, 2);
});

test('a problem that was reported before the API server named the pod is reported under its name again', async (t) => {
  const node = new Captured(t, 0, { ...POD, namespace: '-', name: 'u' });
  node.eth0.pause();
  node.pod.update(POD);
  node.eth0.pause();
  const warned = node.said.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warned.map(({ pod }) => pod),
    ['u', 'web-0'],
  );
});

test('a pod that is gone stays until all of its windows are closed', async (t) => {
  const node = new Captured(t, 1000);
  await node.pause();
  node.sent(1500);
  node.wait(1);
  node.pod.interfaces.turn(Date.now());
  node.sent(1700);
  node.pod.remove();
  node.wait(1);
  node.pod.interfaces.turn(Date.now());
  const bytes = () =>
    node.pod.interfaces.close().map(({ iface, window }) => [iface, window.kernel?.sent]);
  assert.deepEqual(bytes(), [['eth0', 500]]);
  assert.equal(node.pod.isFinished, false);
  assert.deepEqual(bytes(), [['eth0', 200]]);
  assert.equal(node.pod.isFinished, true);
});

test('the bytes of an interface that is taken away stay counted, and another one of its name begins at nothing', async (t) => {
  const node = new Captured(t, 1000);
  await node.pause();
  node.sent(1500);
  node.pod.interfaces.refresh();
  node.interfaces(NO_ETH0);
  node.pod.interfaces.refresh();
  node.pod.interfaces.refresh();
  assert.deepEqual(node.pod.interfaces.states, ['pending']);
  node.sent(80);
  node.wait(1.1);
  assert.equal(node.close().kernel, 500 + 80);
});

test('a pod that by the API has no network yet, or is losing it, is pending; any other waits', () => {
  const { pod } = fakeCaptures();
  assert.deepEqual(pod().interfaces.states, ['pending']);
  const ips = ['10.244.0.10'];
  const ready = pod({ ...POD, ips });
  assert.deepEqual(ready.interfaces.states, ['waiting']);
  ready.update({ ...POD, ips, terminating: true });
  assert.deepEqual(ready.interfaces.states, ['pending']);
  assert.equal(ready.isSought, true, 'which is captured all the same if it is found');
});

test('that a pod may have another network is news; anything else is none', () => {
  const pod = fakeCaptures().pod();
  assert.equal(pod.update(POD), false);
  assert.equal(pod.update({ ...POD, workload: 'Pod/web-0' }), false);
  assert.equal(pod.update({ ...POD, ips: ['10.244.0.10'] }), true);
  pod.remove();
  assert.equal(pod.update({ ...POD, ips: ['10.244.0.10'] }), true, 'it is back');
});

test('a pod without an interface to capture is unavailable, but not while it is deleted, nor in a new namespace', (t) => {
  const pod = { ...POD, ips: ['10.244.0.10'] };
  const node = new Captured(t, 0, pod);
  node.add(8, 'second', { net_dev: NO_ETH0 });
  node.add(9, 'third', { net_dev: NO_ETH0 });
  node.pod.remove();
  const empty = fakeCaptures(node.path).pod(pod);
  const start = (pid: number, netns: string) =>
    empty.start({ inode: node.inode(netns), pid }, false);
  start(8, 'second');
  node.wait(11);
  assert.deepEqual(empty.interfaces.states, ['unavailable']);
  empty.update({ ...pod, terminating: true });
  assert.deepEqual(empty.interfaces.states, ['pending']);
  empty.update(pod);
  assert.deepEqual(empty.interfaces.states, ['unavailable']);
  empty.interfaces.moveTo([]);
  start(9, 'third');
  assert.deepEqual(empty.interfaces.states, ['waiting']);
});
