import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { uncaptured } from '../../daemon/check/startup-report.ts';
import { Problems } from '../../daemon/log.ts';
import { NodeCapture } from '../../lib/capture/node-capture.ts';
import { until } from '../lab/influx.ts';
import { ProcTree } from '../linux/recordings.ts';

const OWN = '6f1f4f0e-1a2b-4c3d-8e9f-001122334455';
const WEB = '7a1f4f0e-1a2b-4c3d-8e9f-001122334455';
const NO_COUNTS = '0 '.repeat(16);

const trie = (ip: string) => `     |-- ${ip}\n        /32 host LOCAL\n`;
const netDev = (...names: readonly string[]) =>
  names.map((name) => `  ${name}: ${NO_COUNTS}\n`).join('');
const podOf = (uid: string, ip: string) => ({
  uid,
  cgroupUid: uid,
  namespace: 'shop',
  name: uid.slice(0, 2),
  workload: '-',
  ips: [ip],
});

/** A node on which nothing can be entered, so that every capture fails. */
function node(context: TestContext) {
  const tree = new ProcTree(context);
  tree.add('self', 'agent', { net_dev: netDev('eth0'), net_fib_trie: trie('10.0.0.2') });
  const warned: string[] = [];
  const quiet = { debug: () => {}, info: () => {}, error: () => {} };
  const log = { ...quiet, warn: (_: object, what: string) => void warned.push(what) };
  const capture = new NodeCapture({
    proc: tree.path,
    interfaces: ['eth0', 'net1'],
    log,
    problems: new Problems(log),
    sidecar: false,
    cpuBudget: Infinity,
  });
  context.after(() => capture.stop(0));
  const add = (pid: number, ...interfaces: readonly string[]) =>
    tree.add(pid, 'pod', {
      cgroup: `0::/kubepods/pod${WEB}/abc\n`,
      net_dev: netDev(...interfaces),
      net_fib_trie: trie('10.0.0.3'),
    });
  const end = (pid: number) => rmSync(join(tree.path, `${pid}`), { recursive: true });
  return { capture, add, end, warned };
}

test('a pod that is being deleted and has lost its namespace is one pod that is not ready, although its captures have failed', async (t) => {
  const { capture, add, end } = node(t);
  const pod = podOf(WEB, '10.0.0.3');
  add(7, 'eth0', 'net1');
  capture.pods.put(pod, false);
  await until(() => capture.counts.captureRestarts >= 2, 'captures that fail');
  assert.equal(capture.figures.podsReady, 1);
  capture.pods.put({ ...pod, terminating: true }, false);
  end(7);
  await until(() => capture.figures.states.pending === 2, 'that its network has gone');
  assert.equal(capture.figures.podsSeen, 1);
  assert.equal(capture.figures.podsReady, 0);
  assert.equal(capture.figures.states.waiting, 0);
});

test('that a namespace is not found is reported although the agent’s own is found, until another one is', async (t) => {
  const { capture, add } = node(t);
  const faults = () => uncaptured(capture.figures, '/proc').map(({ what }) => what);
  capture.pods.replace([
    { cgroupUid: OWN, pod: podOf(OWN, '10.0.0.2'), wasOff: false },
    { cgroupUid: WEB, pod: podOf(WEB, '10.0.0.3'), wasOff: false },
  ]);
  await until(() => capture.counts.captureRestarts > 0, 'a capture of the agent’s own pod');
  assert.deepEqual(faults(), ['of 1 pod no network namespace is found in /proc']);
  add(7, 'eth0');
  await until(() => capture.figures.podsUnfound === 0, 'the other one');
  assert.deepEqual(faults(), []);
});

test('a pod that is being deleted loses its addresses one by one without a warning', async (t) => {
  const { capture, add, warned } = node(t);
  const pod = { ...podOf(WEB, '10.0.0.3'), terminating: true };
  add(7, 'eth0');
  capture.pods.put(pod, false);
  await until(() => capture.counts.captureRestarts > 0, 'a capture');
  capture.pods.put({ ...pod, ips: ['10.0.0.4'] }, false);
  assert.deepEqual(
    warned.filter((what) => what.includes('none of its addresses')),
    [],
  );
});
