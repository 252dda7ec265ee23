import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import type { Missing, Traffic } from '../../lib/model.ts';
import { Reconciliation } from '../../lib/report/reconciliation.ts';
import { Totals } from '../../lib/report/totals.ts';
import { window } from '../daemon/agent.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
afterEach(() => mock.timers.reset());

const BALANCED: Missing = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
const UNBALANCED = "the rows of a pod have fewer bytes than the kernel's counters";
const UNCOUNTED = "the kernel's counters do not have all that was captured of pods";
const OVER = 'a problem is over';

/** One window of a pod that carried ten megabytes. */
function traffic(missing: Partial<Missing> = {}, name = 'web'): Traffic {
  const pod = { uid: 'u', cgroupUid: 'u', namespace: 'demo', name, workload: '-', ips: [] };
  const kernel = { sent: 10_000_000, received: 0, sentPackets: 1, receivedPackets: 0 };
  const uncounted = { sent: 0, received: 0 };
  const rest = { edges: [], attributed: kernel, uncounted, overloaded: false, paused: false };
  return { pod, iface: 'eth0', end: 0, kernel, missing: { ...BALANCED, ...missing }, ...rest };
}

/** Checks these windows of ten seconds, one after the other; returns the lines of the log. */
function linesOf(
  windows: readonly (readonly Traffic[])[],
): { readonly [field: string]: unknown }[] {
  const lines: { [field: string]: unknown }[] = [];
  const add = (fields: object, message: string) => void lines.push({ message, ...fields });
  const log = { debug: add, info: add, warn: add, error: add };
  const reconciliation = new Reconciliation({ interval: 10_000, problems: new Problems(log) });
  for (const each of windows) {
    reconciliation.check(each);
    mock.timers.tick(10_000);
  }
  return lines;
}

const times = (count: number, ...traffic: readonly Traffic[]) =>
  Array.from({ length: count }, () => traffic);

test('less than 2 % missing over a minute is not logged', () => {
  assert.deepEqual(linesOf(times(20, traffic({ other: 150_000 }))), []);
  assert.deepEqual(linesOf([[traffic({ other: 1_000_000 })], ...times(20, traffic())]), []);
});

test('more than 2 % missing over a minute is logged once, with the likeliest reason', () => {
  const missing = traffic({ uncaptured: 100_000, overload: 900_000 });
  assert.deepEqual(linesOf(times(5, missing)), []);
  assert.deepEqual(
    linesOf(times(30, missing)).map(({ message, likely }) => [message, likely]),
    [[UNBALANCED, 'the pod has more flows than iftop can follow']],
  );
});

test('each interface of a pod is checked by itself', () => {
  const windows = times(6, traffic(), { ...traffic({ other: 1_000_000 }), iface: 'net1' });
  const interfaces = linesOf(windows).map((line) => line['interface']);
  assert.deepEqual(interfaces, ['net1']);
});

test('the end of a problem is logged, and the problem again when it is back', () => {
  const off = times(10, traffic({ uncaptured: 1_000_000 }));
  const once = linesOf([...off, ...times(20, traffic())]);
  assert.deepEqual(
    once.map(({ message }) => message),
    [UNBALANCED, OVER],
  );
  const again = linesOf([...off, ...times(30, traffic()), ...off]);
  assert.deepEqual(
    again.map(({ message }) => message),
    [UNBALANCED, OVER, UNBALANCED],
  );
});

test('a few packets that are not IP are no problem of an idle pod', () => {
  assert.deepEqual(linesOf(times(10, { ...traffic({ other: 280 }), kernel: undefined })), []);
});

test('counters that do not count are logged once for the node, and once when they do again', () => {
  const short = (name: string) => ({
    ...traffic({}, name),
    uncounted: { sent: 0, received: 7_000_000 },
  });
  const lines = linesOf([
    ...times(20, traffic(), short('a'), short('b')),
    ...times(8, traffic(), traffic({}, 'a')),
  ]);
  const figures = { pods: 2, podsSeen: 3, sent: 0, received: 14_000_000 };
  assert.deepEqual(
    lines.map(({ message, pods, podsSeen, sent, received }) => {
      return { message, pods, podsSeen, sent, received };
    }),
    [UNCOUNTED, OVER].map((message) => ({ message, ...figures })),
  );
});

test('a pod whose interfaces all have counters that do not count is one pod', () => {
  const eth0 = { ...traffic(), uncounted: { sent: 0, received: 1000 } };
  const both = [eth0, { ...eth0, iface: 'net1' }];
  const [line] = linesOf([both]);
  assert.deepEqual([line?.['pods'], line?.['podsSeen']], [1, 1]);
  const totals = new Totals('none');
  totals.add(window({ traffic: both }));
  assert.equal(totals.uncountedPods, 1);
});
