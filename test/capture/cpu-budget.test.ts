import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuBudget } from '../../lib/capture/cpu-budget.ts';
import type { Load } from '../../lib/capture/load.ts';
import { pods, SimulatedNode } from '../daemon/simulated-node.ts';

const BUDGET = 0.05;
/** What a window may hold of it. */
const MOST = 1.2 * BUDGET;
const quiet = pods(10, 0.001, 'quiet');

/** For a while, from a second to another, what it is not otherwise. */
function during(from: number, to: number, high: number, otherwise: number) {
  return (second: number) => (second >= from && second < to ? high : otherwise);
}

/** So many seconds of CPU in the first second of so many. */
function bursts(seconds: number, every: number) {
  return (second: number) => 0.005 + (second % every < 1 ? seconds : 0);
}

/** Too much for a while, then with some noise nine tenths of the budget. */
function nearlyAll(second: number) {
  if (second >= 100 && second < 145) return 0.07;
  return 0.036 + 0.0002 * (Math.floor(second * 7919) % 90);
}

test('captures that fit are left alone', () => {
  const node = new SimulatedNode({ pods: { a: 0.01, b: 0.02, idle: 0 } }).run(1800);
  assert.deepEqual(node.everPaused, []);
});

test('a burst is left alone that the seconds before it have paid for', () => {
  const a = during(90, 94, 1.5, 0.1);
  const node = new SimulatedNode({ budget: 1, daemon: 0.1, pods: { a } }).run(200);
  assert.deepEqual(node.everPaused, []);
});

test('the costly one is paused, and all others go on', () => {
  const costs = { storm: 0.8, a: 0.02, b: 0.01, idle: 0 };
  const node = new SimulatedNode({ budget: 0.1, daemon: 0.02, pods: costs }).run(1800);
  assert.ok(node.worst(40) <= 0.12, `${node.worst(40)}`);
  assert.deepEqual(node.everPaused, ['storm']);
});

for (const [count, share] of [
  [1, 0.06],
  [1, 0.25],
  [3, 0.1],
  [3, 0.25],
  [10, 0.1],
  [40, 0.02],
] as const) {
  test(`${count} captures of ${share} take turns, and quiet ones go on`, () => {
    const costly = pods(count, share);
    const node = new SimulatedNode({ pods: { ...costly, ...quiet } }).run(1800);
    assert.ok(node.worst(40) <= MOST, `${node.worst(40)}`);
    assert.ok(node.worst(60) <= MOST, `${node.worst(60)}`);
    assert.ok(node.mean() >= 0.65 * BUDGET, `${node.mean()}: a budget is there to be used`);
    assert.deepEqual(node.everPaused.toSorted(), Object.keys(costly).toSorted());
    for (const name of node.everPaused) assert.ok((node.dark[name] ?? 0) < 900, name);
  });
}

test('a turn is begun when it can last for some ten seconds', () => {
  const node = new SimulatedNode({ pods: { a: 0.06, ...quiet } }).run(1800);
  assert.ok((node.pauses['a'] ?? 0) < 100, `${node.pauses['a']}`);
});

test('a turn that no window has room for is not begun until the load falls', () => {
  const storm = during(0, 600, 0.5, 0.001);
  const node = new SimulatedNode({ pods: { a: storm, b: storm, ...quiet } }).run(600);
  assert.ok(node.worst(40) <= MOST, `${node.worst(40)}`);
  assert.deepEqual(node.pauses, { a: 1, b: 1 });
  assert.equal(node.run(300).running.length, 12);
});

test('a sudden storm is paused within a few seconds, and back soon after its end', () => {
  const storm = during(100, 160, 0.6, 0);
  const node = new SimulatedNode({ daemon: 0.035, pods: { storm, ...pods(5, 0.001) } }).run(1800);
  assert.ok(node.worst(10, 95) < 0.4, `${node.worst(10, 95)}`);
  assert.deepEqual(node.everPaused, ['storm']);
  assert.ok((node.dark['storm'] ?? Infinity) < 60 + 180, `${node.dark['storm']}`);
});

test('a budget is also for costs that come to something only together', () => {
  const node = new SimulatedNode({ pods: pods(100, 0.001) }).run(1800);
  assert.ok(node.worst(60) <= MOST, `${node.worst(60)}`);
  assert.equal(node.everPaused.length, 100);
  assert.ok(Math.max(...Object.values(node.dark)) < 600);
});

test('the daemon’s part of a capture counts as much as its process', () => {
  const node = new SimulatedNode({ handling: 0.0006, pods: pods(60, 0.0005) }).run(1800);
  assert.ok(node.worst(60) <= MOST, `${node.worst(60)}`);
  assert.equal(node.everPaused.length, 60);
  assert.ok(node.running.length > 25, `${node.running.length}`);
  assert.ok(Math.max(...Object.values(node.dark)) < 600);
});

test('where the daemon’s part alone is nearly too much most run, and all have turns', () => {
  const load = { budget: 0.1, handling: 0.00073, pods: pods(110, 0.00023) };
  const node = new SimulatedNode(load).run(60);
  assert.ok(node.running.length > 60, `${node.running.length}`);
  node.run(1740);
  assert.ok(node.worst(60) <= 0.12, `${node.worst(60)}`);
  assert.ok(node.mean() <= 0.105, `${node.mean()}`);
  assert.ok(node.running.length > 60, `${node.running.length}`);
  assert.ok(Math.max(...Object.values(node.dark)) < 600);
});

test('starts that take long cost no quiet pod its capture', () => {
  const late = pods(5, (second: number) => (second < 300 ? undefined : 0), 'late');
  const start = { cpu: 0.25, seconds: 1 };
  const load = { daemon: 0.015, start, pods: { ...pods(5, 0.004), ...late } };
  assert.deepEqual(new SimulatedNode(load).run(1800).everPaused, []);
  const many = { start: { cpu: 0.2, seconds: 1 }, handling: 0.0001, pods: pods(110, 0) };
  assert.deepEqual(new SimulatedNode(many).run(600).everPaused, []);
});

for (const [seconds, every] of [
  [0.15, 10],
  [1.5, 60],
] as const) {
  test(`bursts of the daemon count: ${seconds} s each ${every} s`, () => {
    const load = { daemon: bursts(seconds, every), handling: 0, pods: pods(8, 0.005) };
    const node = new SimulatedNode(load).run(1800);
    assert.ok(node.worst(60) <= MOST, `${node.worst(60)}`);
    assert.ok(Math.max(...Object.values(node.dark)) < 180);
  });
}

test('a single burst of the daemon costs no quiet pod its capture', () => {
  const daemon = during(100, 106, 1, 0.01);
  const node = new SimulatedNode({ daemon, pods: { a: 0.001, idle: 0 } }).run(600);
  assert.deepEqual(node.everPaused, []);
});

test('pods that have bursts have turns', () => {
  const bursts = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `bursty-${index}`,
      (second: number) => ((second + index * 6) % 60 < 4 ? 0.3 : 0.0005),
    ]),
  );
  const node = new SimulatedNode({ pods: { ...bursts, ...quiet } }).run(3600);
  // Of the first minute nothing could be known.
  assert.ok(node.worst(60, 120) <= MOST, `${node.worst(60, 120)}`);
  assert.ok(Object.keys(bursts).every((name) => (node.dark[name] ?? 0) < 1200));
  assert.ok(!node.everPaused.some((name) => name.startsWith('quiet')));
});

test('who waits too long has room made for it', () => {
  const node = new SimulatedNode({ daemon: 0.003, pods: { a: 0.02, b: 0.3 } }).run(1800);
  assert.ok(node.worst(40) <= MOST, `${node.worst(40)}`);
  assert.ok((node.dark['a'] ?? 0) < 240 && (node.dark['b'] ?? 0) < 240);
});

test('who can have no turn is in nobody’s way', () => {
  const node = new SimulatedNode({ pods: { never: 1, ...pods(2, 0.1), ...quiet } }).run(1800);
  assert.ok(node.worst(40) <= MOST, `${node.worst(40)}`);
  assert.ok((node.dark['pod-0'] ?? 0) < 240 && (node.dark['pod-1'] ?? 0) < 240);
});

test('where the daemon leaves little idle captures are not paused for each other', () => {
  const load = { daemon: nearlyAll, handling: 0, pods: pods(20, 0.0001) };
  const node = new SimulatedNode(load).run(1800);
  assert.ok(Math.max(...Object.values(node.pauses)) <= 4, JSON.stringify(node.pauses));
});

test('a daemon that is above the budget by itself has everything paused, until it is within', () => {
  const daemon = during(0, 200, 0.08, 0.045);
  const node = new SimulatedNode({ daemon, handling: 0, pods: { a: 0.001, idle: 0 } }).run(200);
  assert.deepEqual([node.running, node.budget.isTooSmall], [[], true]);
  assert.deepEqual(node.run(300).running.toSorted(), ['a', 'idle']);
  assert.equal(node.budget.isTooSmall, false);
  const boot = new SimulatedNode({ daemon: during(0, 5, 1, 0), pods: {} });
  assert.equal(boot.run(10).budget.isTooSmall, false);
});

/** Tells a budget what all have spent since it was told last, every other second. */
function told(budget: CpuBudget) {
  let [now, total] = [0, 0];
  return (spent: number, loads: { [name: string]: Load }, seconds = 2) => {
    [now, total] = [now + seconds * 1000, total + spent];
    return budget.decide({ now, self: 0, total, pods: new Map(Object.entries(loads)) });
  };
}

const running = (cpu: number) => ({ cpu, paused: false, packets: 1000 * cpu });
const paused = (cpu?: number) => ({ cpu, paused: true, packets: undefined });
const none = { cpu: undefined, paused: false, packets: undefined };
const NOTHING = { pause: [], resume: [] };

test('what has no process is not paused, and counts for nothing', () => {
  const next = told(new CpuBudget(BUDGET));
  const quiet = (second: number) => running(0.02 * second);
  for (let second = 0; second < 100; second += 2) next(0.04, { a: running(0), b: quiet(second) });
  assert.deepEqual(next(0.44, { a: running(0.4), b: quiet(100) }), NOTHING);
  for (let second = 102; second < 150; second += 2) {
    assert.deepEqual(next(1, { a: none, b: quiet(second) }), NOTHING);
  }
});

test('a pod that is said to be paused is resumed, whatever was measured when', () => {
  const next = told(new CpuBudget(BUDGET));
  next(0, { a: running(0) });
  assert.deepEqual(next(1, { a: running(1) }).pause, ['a']);
  assert.deepEqual(next(0.2, { a: paused(1.2) }, 9.5), NOTHING);
  const resumed = Array.from({ length: 150 }, () => next(0, { a: paused() }).resume).flat();
  assert.equal(resumed[0], 'a');
});

test('a pod that is gone is forgotten, and one of its name begins anew', () => {
  const next = told(new CpuBudget(BUDGET));
  next(0, { a: running(0) });
  assert.deepEqual(next(2, { a: running(2) }).pause, ['a']);
  next(0, {});
  for (let second = 0; second < 120; second += 2) {
    assert.deepEqual(next(0, { a: running(2) }), NOTHING);
  }
});

test('a child that for a moment is neither among the living nor waited for was not free', () => {
  const next = told(new CpuBudget(BUDGET));
  for (let second = 0; second < 100; second += 2) {
    next(0.02, { a: running(0), b: running(second / 100) });
  }
  assert.deepEqual(next(0.72, { a: running(0.7), b: running(1) }).pause, ['a']);
  assert.deepEqual(next(-0.68, { a: paused(), b: running(1.02) }), NOTHING);
  assert.deepEqual(next(0.72, { a: paused(), b: running(1.04) }), NOTHING);
});

test('the costs of a child that is waited for late are no burst', () => {
  const next = told(new CpuBudget(1));
  for (let second = 0; second < 60; second += 2) {
    next(1.04, { a: running(second / 2), b: running(second / 50) });
  }
  assert.deepEqual(next(-30, { a: none, b: running(1.2) }), NOTHING);
  assert.deepEqual(next(30, { a: none, b: running(1.24) }), NOTHING);
});
