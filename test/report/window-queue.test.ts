import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { Problems } from '../../daemon/log.ts';
import type { PodRegistry } from '../../lib/capture/pod-registry.ts';
import { printer } from '../../daemon/printer.ts';
import { Reporter } from '../../lib/report/reporter.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { Totals } from '../../lib/report/totals.ts';
import { CpuTime } from '../../lib/linux/cpu-time.ts';
import { GRACE, WindowQueue } from '../../lib/report/window-queue.ts';
import { Directory } from '../../lib/naming/directory.ts';
import type { ClosedWindow } from '../../lib/model.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** What the wall clock says, which may be set, and what the one that only goes on does. */
let wall: number;
let steady: number;
let windows: WindowQueue;
let sync: Sync;
let totals: Totals;
/** The ends of the windows that have been named, and all their rows. */
let ends: number[];
let rows: string[];
/** What is closed next. */
let closed: readonly ClosedWindow[];

beforeEach(() => {
  [wall, steady, ends] = [Date.now(), MINUTE, []];
  [rows, closed] = [[], []];
  mock.method(Date, 'now', () => wall);
  mock.method(performance, 'now', () => steady);
  const push = (lines: readonly string[], end: number) => {
    ends.push(end);
    rows.push(...lines);
  };
  const sink = { ...printer(() => {}), push };
  const figures = { requests: 0, bytes: 0, connections: 0 };
  [sync, totals] = [new Sync(['pods']), new Totals('none')];
  const log = quiet;
  const problems = new Problems(quiet);
  const directory = new Directory();
  const registry = { ended: () => [], close: () => closed, figures: {}, processes: [] };
  const state = { sink, log, problems, directory, sync } as const;
  const reporter = new Reporter({
    ...state,
    config: readConfig({
      NODE_NAME: 'n',
      INFLUX_URL: 'http://a',
      INFLUX_DATABASE: 'd',
      PEERS_PER_POD: '1',
    }),
    client: { server: '', inCluster: false, figures, get: assert.fail, clean: String },
    proc: '/proc',
    registry: registry as unknown as PodRegistry,
    totals,
    cpu: new CpuTime('/proc', () => []),
  });
  windows = new WindowQueue({
    ...state,
    reporter,
    registry: registry as unknown as PodRegistry,
  });
  sync.listed('pods');
  sync.following('pods', true);
  pass(MINUTE);
});

afterEach(() => mock.restoreAll());

function pass(milliseconds: number): void {
  wall += milliseconds;
  steady += milliseconds;
}

/** A window ends, something happens after a part of the grace, and it is closed; returns its end. */
function close(part = 0, happens = () => {}): number {
  const end = wall;
  pass(GRACE * part);
  happens();
  pass(GRACE * (1 - part));
  windows.close(end);
  windows.flush();
  return end;
}

function renew(): void {
  sync.following('pods', false);
  sync.following('pods', true);
}

test('a window is named as it is closed, and one of a watch that was renewed just before a little later', () => {
  const first = close();
  assert.deepEqual(ends, [first]);
  const second = close(0.25, renew);
  assert.deepEqual(ends, [first]);
  pass(GRACE / 4);
  windows.flush();
  assert.deepEqual(ends, [first, second]);
});

test('a clock that is set back holds no window up', () => {
  const end = close(0.5, () => (wall -= HOUR));
  assert.deepEqual(ends, [end]);
  const next = close();
  assert.ok(next < end);
  assert.deepEqual(ends, [end, next]);
  assert.equal(totals.late + totals.stale, 0);
});

test('a clock that leaps ahead does not make a window be named without what is waited for', () => {
  close(0.5, () => sync.following('pods', false));
  wall += HOUR;
  windows.flush();
  assert.deepEqual(ends, []);
  pass(2 * MINUTE);
  windows.flush();
  assert.equal(ends.length, 1, 'in the end it is not waited for any more');
});

test('a window is late when it has waited for the cluster, and not because a watch was renewed', () => {
  close(0.25, renew);
  pass(GRACE);
  windows.flush();
  assert.deepEqual([totals.windows, totals.late], [1, 0]);
  close(0.25, () => sync.following('pods', false));
  pass(GRACE);
  sync.following('pods', true);
  pass(GRACE);
  windows.flush();
  assert.deepEqual([totals.windows, totals.late], [2, 1]);
});

/** A window of one interface of a pod, with these bytes to these addresses. */
function windowOf(iface: string, sent: { readonly [address: string]: number }): ClosedWindow {
  const pod = {
    uid: 'u',
    cgroupUid: 'u',
    namespace: 'a',
    name: 'b',
    workload: '-',
    ips: ['10.0.0.1'],
  };
  const bytes = Object.values(sent).reduce((sum, each) => sum + each, 0);
  const window = {
    start: wall - MINUTE,
    end: wall,
    pairs: Object.entries(sent).map(([remote, each]) => {
      return { local: '10.0.0.1', remote, from: wall, to: wall, sent: each, received: 0 };
    }),
    rest: { sent: 0, received: 0 },
    kernel: { sent: bytes, received: 0, sentPackets: 1, receivedPackets: 0 },
    uncaptured: { sent: 0, received: 0 },
    overloaded: false,
    paused: undefined,
    miscounted: { sent: false, received: false },
  };
  return { pod, selection: 'selected', iface, window };
}

test('each interface of a pod has its totals, its remainder, and the peer that it had before', () => {
  const [far, near] = ['198.51.100.1', '192.0.2.1'];
  closed = [
    windowOf('eth0', { [far]: 300, [near]: 10 }),
    windowOf('net1', { [near]: 70, [far]: 7 }),
  ];
  close();
  // Both have 1.5 times the bytes with the other one now, which is not enough to take its place.
  closed = [
    windowOf('eth0', { [far]: 100, [near]: 150 }),
    windowOf('net1', { [near]: 40, [far]: 60 }),
  ];
  rows = [];
  close();
  const told = rows.flatMap((row) => {
    const [, measurement, iface] = /^(nstat(?:_pod)?),.*interface=(\w+)/.exec(row) ?? [];
    const [, peer = 'all'] = /,peer=([^,]+)/.exec(row) ?? [];
    const [, sent] = /sent(?:Attributed|Bytes)=(\d+)i/.exec(row) ?? [];
    return measurement ? [`${iface} ${peer} ${sent}`] : [];
  });
  assert.deepEqual(told, [
    'eth0 198.51.100.0/24 100',
    'eth0 - 150',
    'eth0 all 250',
    'net1 192.0.2.0/24 40',
    'net1 - 60',
    'net1 all 100',
  ]);
  assert.equal(totals.kernel.sent, 300 + 10 + 70 + 7 + 100 + 150 + 40 + 60);
});
