import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuBudget } from '../../lib/capture/cpu-budget.ts';
import { pods, SimulatedNode } from './simulated-node.ts';

const BUDGET = 0.05;
const quiet = pods(10, 0.001, 'quiet');

/** One share from a second to another, and a different one otherwise. */
function during(from: number, to: number, high: number, otherwise: number) {
  return (second: number) => (second >= from && second < to ? high : otherwise);
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

for (const [count, share, minute] of [
  [1, 0.06, 0.06],
  [1, 0.25, 0.07],
  [1, 1, 0.1],
  [3, 0.1, 0.06],
  [3, 0.25, 0.08],
  [10, 0.1, 0.07],
  [40, 0.02, 0.06],
  [100, 0.3, 0.08],
] as const) {
  test(`${count} captures of ${share} are paused and tried again, and quiet ones go on`, () => {
    const costly = pods(count, share);
    const node = new SimulatedNode({ pods: { ...costly, ...quiet } }).run(1800);
    assert.ok(node.mean() <= BUDGET, `${node.mean()}`);
    assert.ok(node.worst(60) <= minute, `${node.worst(60)}`);
    assert.deepEqual(node.everPaused.toSorted(), Object.keys(costly).toSorted());
    assert.ok(Math.max(...Object.values(node.pauses)) <= 10);
  });
}

test('storms on a big node leave quiet captures alone', () => {
  const load = { ...pods(30, 0.3, 'storm'), ...pods(200, 0.001, 'quiet') };
  const node = new SimulatedNode({ budget: 1, daemon: 0.1, pods: load }).run(1800);
  assert.ok(node.worst(60) <= 1.1, `${node.worst(60)}`);
  assert.ok(node.everPaused.every((name) => name.startsWith('storm')));
});

test('a sudden storm is paused within seconds, and captured again within minutes of its end', () => {
  const storm = during(100, 160, 0.6, 0);
  const node = new SimulatedNode({ daemon: 0.035, pods: { storm, ...pods(5, 0.001) } }).run(1800);
  assert.ok(node.worst(60, 60) <= 0.1, `${node.worst(60, 60)}`);
  assert.deepEqual(node.everPaused, ['storm']);
  assert.ok((node.dark['storm'] ?? Infinity) < 300, `${node.dark['storm']}`);
});

test('many small captures that are too much together are paused after a minute, and take turns', () => {
  const node = new SimulatedNode({ handling: 0.0006, pods: pods(60, 0.0005) }).run(3600);
  assert.ok(node.worst(60, 120) <= 1.2 * BUDGET, `${node.worst(60, 120)}`);
  assert.equal(node.everPaused.length, 60);
  assert.ok(node.running.length > 25, `${node.running.length}`);
  assert.ok(Math.max(...Object.values(node.dark)) < 1800);
});

test('pods that have bursts have turns', () => {
  const bursts = Array.from({ length: 10 }, (_, index) => [
    `bursty-${index}`,
    (second: number) => ((second + index * 6) % 60 < 4 ? 0.3 : 0.0005),
  ]);
  const node = new SimulatedNode({ pods: { ...Object.fromEntries(bursts), ...quiet } }).run(3600);
  assert.ok(node.mean() <= BUDGET, `${node.mean()}`);
  assert.ok(Math.max(...Object.values(node.dark)) < 900);
  assert.ok(!node.everPaused.some((name) => name.startsWith('quiet')));
});

test('starts that take long, and a burst of the daemon, pause no quiet capture', () => {
  const start = { cpu: 0.2, seconds: 1 };
  const many = new SimulatedNode({ start, handling: 0.0001, pods: pods(110, 0) }).run(600);
  assert.deepEqual(many.everPaused, []);
  const daemon = during(100, 106, 1, 0.01);
  const few = new SimulatedNode({ daemon, pods: { a: 0.001, idle: 0 } }).run(600);
  assert.deepEqual(few.everPaused, []);
});

test('a daemon that is above the budget by itself has everything paused, until it is within', () => {
  const daemon = during(0, 200, 0.08, 0.03);
  const node = new SimulatedNode({ daemon, handling: 0, pods: { a: 0.001, idle: 0 } }).run(200);
  assert.deepEqual([node.running, node.budget.isTooSmall], [[], true]);
  assert.deepEqual(node.run(600).running.toSorted(), ['a', 'idle']);
  assert.equal(node.budget.isTooSmall, false);
});

test('a capture that is gone is forgotten, and what has no process is not paused', () => {
  const budget = new CpuBudget<string>(BUDGET);
  const decide = (now: number, cpu: number | undefined) =>
    budget.decide(now, { daemon: 0, captures: now }, new Map([['a', { cpu, paused: false }]]))
      .pause;
  assert.deepEqual([decide(0, 0), decide(2, 2)], [[], ['a']]);
  assert.deepEqual(decide(4, undefined), []);
  budget.decide(6, { daemon: 0, captures: 6 }, new Map());
  assert.deepEqual(decide(8, 8), [], 'its first measurement tells nothing of its share');
});
