import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CpuTime } from '../../lib/linux/cpu-time.ts';
import { Problems } from '../../daemon/log.ts';
import { PodCapture } from '../../lib/capture/pod.ts';
import { StartLimiter } from '../../lib/capture/start-limiter.ts';
import type { InterfaceCapture } from '../../lib/capture/interface-capture.ts';
import type { LocalPod } from '../../lib/model.ts';
import { ProcTree } from '../linux/recordings.ts';

const POD: LocalPod = {
  uid: 'u',
  cgroupUid: 'u',
  namespace: 'shop',
  name: 'web-0',
  workload: 'StatefulSet/web',
  ips: [],
};

function observe(
  pod: LocalPod,
  proc = '/nowhere',
  log: (level: string) => (fields: object) => void = () => () => {},
): PodCapture {
  const all = { debug: () => {}, info: log('info'), warn: log('warn'), error: log('error') };
  return new PodCapture(
    pod,
    { selection: 'selected', wasOff: false },
    {
      proc,
      cpu: new CpuTime('/proc', () => []),
      interfaces: ['eth0'],
      primary: 'eth0',
      own: false,
      starts: new StartLimiter(),
      log: all,
      problems: new Problems(all),
      reported: () => {},
      unparsed: () => {},
      restarted: () => {},
    },
  );
}

/** A pod whose capture was paused before it had begun; its interface has sent so many bytes. */
class Paused {
  readonly observed: PodCapture;
  readonly said: { readonly level: string; readonly pod?: string; readonly trouble?: string }[] =
    [];
  readonly #tree: ProcTree;

  constructor(context: TestContext, bytes: number, pod: LocalPod = POD) {
    this.#tree = new ProcTree(context);
    const log = (level: string) => (fields: object) => void this.said.push({ level, ...fields });
    this.observed = observe(pod, this.#tree.path, log);
    this.add(7, 'first', bytes);
    this.start(7, 'first');
    this.eth0.pause();
  }

  start(pid: number, netns: string): void {
    this.observed.start({ inode: this.#tree.inode(netns), pid }, false);
  }

  get eth0(): InterfaceCapture {
    const eth0 = this.observed.interfaces.get('eth0');
    assert.ok(eth0);
    return eth0;
  }

  /** A process in a network namespace. */
  add(pid: number, netns: string, bytes: number): void {
    this.#tree.add(pid, netns, { net_dev: netDev(bytes) });
  }

  sent(pid: number, bytes: number): void {
    writeFileSync(this.netDev(pid), netDev(bytes));
  }

  /** The file of its counters. */
  netDev(pid: number): string {
    return join(this.#tree.path, `${pid}`, 'net/dev');
  }

  /** The process ends, and with it what it was in. */
  end(pid: number): void {
    rmSync(join(this.#tree.path, `${pid}`), { recursive: true });
  }

  /** Bytes of the window that ends now. */
  close(): { readonly kernel: number | undefined; readonly paused: number | undefined } {
    this.observed.turn(Date.now());
    const { kernel, paused } = this.observed.close()[0]?.window ?? {};
    return { kernel: kernel?.sent, paused: paused?.sent };
  }
}

function netDev(bytes: number): string {
  return `  eth0: 0 0 0 0 0 0 0 0 ${bytes} 0 0 0 0 0 0 0\n`;
}

test('a paused pod that dies has its totals up to the last look', async (t) => {
  const pod = new Paused(t, 1000);
  await sleep(10);
  pod.close();
  pod.sent(7, 5000);
  pod.observed.tell({ ...POD, terminating: true });
  await sleep(500);
  pod.end(7);
  pod.observed.remove();
  assert.deepEqual(pod.close(), { kernel: 4000, paused: 4000 });
});

test('one that is given another network namespace meanwhile is captured there', async (t) => {
  const pod = new Paused(t, 1000);
  await sleep(10);
  pod.end(7);
  pod.add(8, 'second', 500);
  assert.deepEqual(pod.observed.states, ['paused']);
  assert.equal(pod.observed.isLost, true);
  pod.observed.moveTo([8]);
  assert.equal(pod.observed.waits, true);
});

test('one whose namespace turns out to be another one’s is captured in its own, and not there again', async (t) => {
  const pod = new Paused(t, 1000);
  await sleep(10);
  pod.add(8, 'second', 500);
  pod.observed.leave();
  pod.start(8, 'second');
  pod.eth0.resume();
  assert.equal(pod.eth0.capture?.netns.pid, 8);
});

test('when the API tells who it is, what was said of it before is over', async (t) => {
  const nobody = { ...POD, namespace: '-', name: 'u' };
  const pod = new Paused(t, 0, nobody);
  await sleep(10);
  pod.observed.tell(POD);
  pod.eth0.pause();
  const warned = pod.said.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warned.map(({ pod }) => pod),
    ['u', 'web-0'],
  );
});

test('a pod that is gone stays until all of its windows have been closed', async (t) => {
  const pod = new Paused(t, 1000);
  await sleep(10);
  pod.sent(7, 1500);
  pod.observed.turn(Date.now());
  pod.sent(7, 1700);
  pod.observed.remove();
  pod.observed.turn(Date.now());
  const bytes = () => pod.observed.close().map(({ iface, window }) => [iface, window.kernel?.sent]);
  assert.deepEqual(bytes(), [['eth0', 500]]);
  assert.equal(pod.observed.finished, false);
  assert.deepEqual(bytes(), [['eth0', 200]]);
  assert.equal(pod.observed.finished, true);
});

test('what an interface had counted that is taken away stays counted, and another one of its name begins at nothing', async (t) => {
  const pod = new Paused(t, 1000);
  await sleep(10);
  pod.sent(7, 1500);
  pod.observed.look();
  writeFileSync(pod.netDev(7), '    lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n');
  pod.observed.look();
  pod.observed.look();
  assert.deepEqual(pod.observed.states, ['pending']);
  pod.sent(7, 80);
  // Who has none is not looked at more often than every second.
  await sleep(1100);
  pod.observed.look();
  pod.eth0.pause();
  assert.equal(pod.close().kernel, 500 + 80);
});

test('one that by the API has no network yet, or is losing it, is pending; any other waits', () => {
  assert.deepEqual(observe(POD).states, ['pending']);
  const ips = ['10.244.0.10'];
  const observed = observe({ ...POD, ips });
  assert.deepEqual(observed.states, ['waiting']);
  observed.tell({ ...POD, ips, terminating: true });
  assert.deepEqual(observed.states, ['pending']);
  assert.equal(observed.waits, true, 'which is captured all the same if it is found');
});

test('that a pod may have another network is news; anything else is none', () => {
  const observed = observe(POD);
  assert.equal(observed.tell(POD), false);
  assert.equal(observed.tell({ ...POD, workload: 'Pod/web-0' }), false);
  assert.equal(observed.tell({ ...POD, ips: ['10.244.0.10'] }), true);
  observed.remove();
  assert.equal(observed.tell({ ...POD, ips: ['10.244.0.10'] }), true, 'it is back');
});

test('what has no interface to capture is unavailable, but not while it is deleted, nor in a new namespace', (t) => {
  const tree = new ProcTree(t);
  const lo = { net_dev: '    lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n' };
  const pod = { ...POD, ips: ['10.244.0.10'] };
  const start = (observed: PodCapture, pid: number, netns: string) => {
    if (!tree.has(netns)) tree.add(pid, netns, lo);
    observed.start({ inode: tree.inode(netns), pid }, false);
  };
  const observed = observe(pod, tree.path);
  start(observed, 7, 'first');
  let late = 0;
  const now = performance.now.bind(performance);
  t.mock.method(performance, 'now', () => now() + late);
  late = 11_000;
  assert.deepEqual(observed.states, ['unavailable']);
  observed.tell({ ...pod, terminating: true });
  assert.deepEqual(observed.states, ['pending']);
  observed.tell(pod);
  assert.deepEqual(observed.states, ['unavailable']);
  observed.moveTo([]);
  start(observed, 8, 'second');
  assert.deepEqual(observed.states, ['waiting']);
});
