import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { Problems } from '../../daemon/log.ts';
import { printer } from '../../daemon/printer.ts';
import { Reporter } from '../../lib/report/reporter.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { Totals } from '../../lib/report/totals.ts';
import { GRACE, WindowQueue } from '../../lib/report/window-queue.ts';
import { Directory } from '../../lib/naming/directory.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** The wall clock, which may be set, and the monotonic clock. */
let wall: number;
let steady: number;
let windows: WindowQueue;
let sync: Sync;
let totals: Totals;
/** The ends of the windows that have been named. */
let ends: number[];

beforeEach(() => {
  [wall, steady, ends] = [Date.now(), MINUTE, []];
  mock.method(Date, 'now', () => wall);
  mock.method(performance, 'now', () => steady);
  const push = (_: readonly string[], end: number) => void ends.push(end);
  const sink = { ...printer(() => {}), push };
  [sync, totals] = [new Sync(['pods']), new Totals('none')];
  const problems = new Problems(quiet);
  const state = { sink, log: quiet, problems, directory: new Directory(), sync };
  const reporter = new Reporter({
    ...state,
    config: readConfig({ NODE_NAME: 'n', INFLUX_URL: 'http://a', INFLUX_DATABASE: 'd' }),
    totals,
  });
  windows = new WindowQueue({
    ...state,
    reporter,
    agentFields: { read: () => ({}) },
    capture: { ended: () => [], close: () => [], known: () => undefined },
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

test('a window is named when it is closed, or a little later if a watch was renewed just before', () => {
  const first = close();
  assert.deepEqual(ends, [first]);
  const second = close(0.25, renew);
  assert.deepEqual(ends, [first]);
  pass(GRACE / 4);
  windows.flush();
  assert.deepEqual(ends, [first, second]);
});

test('a clock that is set back delays no window', () => {
  const end = close(0.5, () => (wall -= HOUR));
  assert.deepEqual(ends, [end]);
  const next = close();
  assert.ok(next < end);
  assert.deepEqual(ends, [end, next]);
  assert.equal(totals.late + totals.stale, 0);
});

test('a clock that is set ahead does not shorten the time in which a window waits', () => {
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
