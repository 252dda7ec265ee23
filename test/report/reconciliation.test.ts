import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Reconciliation } from '../../lib/report/reconciliation.ts';
import { Problems } from '../../daemon/log.ts';
import { Totals } from '../../lib/report/totals.ts';
import type { Missing, Traffic } from '../../lib/model.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
afterEach(() => mock.timers.reset());

const SOUND: Missing = { uncaptured: 0, overload: 0, paused: 0, other: 0 };

/** One window of a pod that carried ten megabytes. */
function traffic(missing: Partial<Missing>): Traffic {
  const pod = { uid: 'u', cgroupUid: 'u', namespace: 'demo', name: 'web', workload: '-', ips: [] };
  const kernel = { sent: 10_000_000, received: 0, sentPackets: 1, receivedPackets: 0 };
  const uncounted = { sent: 0, received: 0 };
  const rest = { edges: [], attributed: kernel, uncounted, overloaded: false, paused: false };
  return { pod, iface: 'eth0', end: 0, kernel, missing: { ...SOUND, ...missing }, ...rest };
}

/** Audits these windows of ten seconds, one after the other; returns what was said. */
function audit(windows: readonly Partial<Missing>[]): string[] {
  const said: string[] = [];
  const say = (fields: object, message: string) => {
    said.push([message, ...('likely' in fields ? [String(fields.likely)] : [])].join(': '));
  };
  const log = { debug: say, info: say, warn: say, error: say };
  const books = new Reconciliation({ interval: 10_000, problems: new Problems(log) });
  for (const missing of windows) {
    books.audit([traffic(missing)]);
    mock.timers.tick(10_000);
  }
  return said;
}

const times = (count: number, missing: Partial<Missing>) =>
  Array.from({ length: count }, () => missing);

test('books that are off by less than 2 % over a minute are none to speak of', () => {
  assert.deepEqual(audit(times(20, { other: 150_000 })), []);
  assert.deepEqual(audit([{ other: 1_000_000 }, ...times(20, {})]), []);
});

test('books that are off for a minute are spoken of once, with the likeliest reason', () => {
  const missing = { uncaptured: 100_000, overload: 900_000 };
  assert.deepEqual(audit(times(5, missing)), []);
  assert.deepEqual(audit(times(30, missing)), [
    "the rows of a pod have fewer bytes than the kernel's counters: the pod has more flows than iftop can follow",
  ]);
});

test('each interface of a pod has books of its own, and what one misses another cannot cover', () => {
  const said: object[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (fields: object) => void said.push(fields),
    error() {},
  };
  const books = new Reconciliation({ interval: 10_000, problems: new Problems(log) });
  for (let window = 0; window < 6; window += 1) {
    books.audit([traffic({}), { ...traffic({ other: 1_000_000 }), iface: 'net1' }]);
  }
  assert.deepEqual(
    said.map((fields) => 'interface' in fields && fields.interface),
    ['net1'],
  );
});

test('once more when it is over, and again when it comes again', () => {
  const off = times(10, { uncaptured: 1_000_000 });
  const once = [
    "the rows of a pod have fewer bytes than the kernel's counters: it passed while no capture was running",
    'a problem is over: it passed while no capture was running',
  ];
  assert.deepEqual(audit([...off, ...times(20, {})]), once);
  assert.deepEqual(audit([...off, ...times(30, {}), ...off]), [...once, once[0]]);
});

test('a few packets that are not IP do not put an idle pod’s books off', () => {
  const idle = { ...traffic({ other: 280 }), kernel: undefined };
  const said: string[] = [];
  const warn = (_: object, message: string) => void said.push(message);
  const log = { debug: warn, info: warn, warn, error: warn };
  const books = new Reconciliation({ interval: 10_000, problems: new Problems(log) });
  for (let index = 0; index < 10; index += 1) books.audit([idle]);
  assert.deepEqual(said, []);
});

test('counters of pods that do not count are spoken of once for the node, and once when they do again', () => {
  const said: object[] = [];
  const say = (fields: object, message: string) => void said.push({ message, ...fields });
  const log = { debug: say, info: say, warn: say, error: say };
  const books = new Reconciliation({ interval: 10_000, problems: new Problems(log) });
  const sound = { ...traffic({}), attributed: { sent: 10_000_000, received: 0 } };
  const short = (name: string) => ({
    ...sound,
    pod: { ...sound.pod, name },
    uncounted: { sent: 0, received: 7_000_000 },
  });
  const windows = [
    ...Array.from({ length: 20 }, () => [sound, short('a'), short('b')]),
    ...Array.from({ length: 8 }, () => [sound, { ...sound, pod: { ...sound.pod, name: 'a' } }]),
  ];
  for (const window of windows) {
    books.audit(window);
    mock.timers.tick(10_000);
  }
  const fields = said.map((line) => {
    const { message, pods, podsSeen, sent, received } = line as { [field: string]: unknown };
    return [message, pods, podsSeen, sent, received];
  });
  const what = "the kernel's counters do not have all that was captured of pods";
  assert.deepEqual(fields, [
    [what, 2, 3, 0, 14_000_000],
    ['a problem is over', 2, 3, 0, 14_000_000],
  ]);
});

test('a pod whose interfaces all have counters that do not count is one pod', () => {
  const said: object[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (fields: object) => void said.push(fields),
    error() {},
  };
  const eth0 = { ...traffic({}), uncounted: { sent: 0, received: 1000 } };
  const windows = [eth0, { ...eth0, iface: 'net1' }];
  new Reconciliation({ interval: 10_000, problems: new Problems(log) }).audit(windows);
  const counts = said.map(
    (fields) => 'pods' in fields && 'podsSeen' in fields && [fields.pods, fields.podsSeen],
  );
  assert.deepEqual(counts, [[1, 1]]);
  const totals = new Totals('none');
  totals.add({ end: 0, traffic: windows, unknown: [], late: false, certain: true, rows: [] });
  assert.equal(totals.uncountedPods, 1);
});
