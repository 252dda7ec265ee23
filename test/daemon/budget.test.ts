import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget } from '../../daemon/budget.ts';

const STEP = 2000;
const START = 0.03;
/** How long a capture that is to end goes on. */
const ENDING = 4000;

/** A node with captures that cost what is said, and a budget that decides about them. */
class Node {
  readonly budget: Budget;
  /** Shares of a core that the captures take while they run. */
  readonly costs: { [name: string]: number };
  /** Packets a second, which stop with `idle`. */
  readonly idle = new Set<string>();
  daemon: number;
  now = 0;
  total = 0;
  readonly dark: { [name: string]: number } = {};
  readonly turns: { [name: string]: number } = {};
  readonly #captures = new Map<string, { cpu: number; until: number; resumed: boolean }>();
  readonly #packets = new Map<string, number>();
  #self = 0;
  #waitedFor = 0;

  constructor(budget: number, daemon: number, costs: { [name: string]: number }) {
    this.budget = new Budget(budget);
    this.daemon = daemon;
    this.costs = costs;
    for (const name of Object.keys(costs)) this.#start(name, false);
  }

  get running(): string[] {
    return [...this.#captures]
      .filter(([, { until }]) => until === Infinity)
      .map(([name]) => name)
      .toSorted();
  }

  /** Lets time pass; returns the share of a core that was taken. */
  run(seconds: number): number {
    const before = this.total;
    for (let step = 0; step < seconds; step += STEP / 1000) this.#step();
    return (this.total - before) / seconds;
  }

  #step(): void {
    this.now += STEP;
    this.#self += (this.daemon * STEP) / 1000;
    for (const [name, cost] of Object.entries(this.costs)) {
      const idle = this.idle.has(name);
      this.#packets.set(name, (this.#packets.get(name) ?? 0) + (idle ? 0 : 1000));
      const capture = this.#captures.get(name);
      if (capture) capture.cpu += idle ? 0 : (cost * STEP) / 1000;
      else this.dark[name] = (this.dark[name] ?? 0) + STEP / 1000;
      if (!capture || capture.until > this.now) continue;
      this.#waitedFor += capture.cpu;
      this.#captures.delete(name);
    }
    const live = [...this.#captures.values()].reduce((sum, { cpu }) => sum + cpu, 0);
    this.total = this.#self + this.#waitedFor + live;
    const pods = new Map(
      Object.keys(this.costs).map((name) => [
        name,
        { cpu: this.#captures.get(name)?.cpu, packets: () => this.#packets.get(name) },
      ]),
    );
    const measurement = { now: this.now, self: this.#self, total: this.total, pods };
    const { pause, resume } = this.budget.decide(measurement);
    for (const name of pause) {
      const capture = this.#captures.get(name);
      assert.equal(capture?.until, Infinity, `${name} runs before it is paused`);
      capture.until = this.now + ENDING;
    }
    for (const name of resume) this.#start(name, true);
  }

  #start(name: string, resumed: boolean): void {
    assert.ok(!this.#captures.has(name), `${name} does not run before it is resumed`);
    this.#captures.set(name, { cpu: START, until: Infinity, resumed });
    if (resumed) this.turns[name] = (this.turns[name] ?? 0) + 1;
  }
}

test('captures that fit are left alone', () => {
  const node = new Node(0.05, 0.01, { a: 0.01, b: 0.02, idle: 0 });
  node.run(3600);
  assert.deepEqual(node.dark, {});
});

test('a burst is left alone that the seconds before it have paid for', () => {
  const node = new Node(1, 0.1, { a: 0.1 });
  node.run(60);
  node.costs['a'] = 1.5;
  node.run(4);
  node.costs['a'] = 0.1;
  node.run(60);
  assert.deepEqual(node.dark, {});
});

test('the costly one is paused, and all others go on', () => {
  const node = new Node(0.1, 0.02, { storm: 0.8, a: 0.02, b: 0.01, idle: 0 });
  node.run(30);
  const share = node.run(3600);
  assert.ok(share <= 0.1, `${share}`);
  assert.deepEqual(Object.keys(node.dark), ['storm']);
});

for (const budget of [0.05, 0.2, 1]) {
  test(`five costly ones take turns within ${budget}, none for less than six seconds`, () => {
    const costs = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((name, index) => [name, budget * (1 + index)]),
    );
    const node = new Node(budget, 0.2 * budget, { ...costs, idle: 0 });
    node.run(30);
    const share = node.run(7200);
    assert.ok(share <= 1.05 * budget, `${share}`);
    assert.ok(share >= 0.5 * budget, `${share}: a budget is there to be used`);
    assert.equal(node.dark['idle'], undefined);
    for (const name of Object.keys(costs)) {
      const turns = node.turns[name] ?? 0;
      assert.ok(turns >= 3, `${name} had ${turns} turns`);
      const lit = 7230 - (node.dark[name] ?? 0);
      assert.ok(lit / turns >= 6, `${name}: ${lit} s in ${turns} turns`);
    }
  });
}

test('many that cost a little each, and together too much, have their turns too', () => {
  const names = Array.from({ length: 20 }, (_, index) => `pod-${index}`);
  const node = new Node(0.05, 0.02, Object.fromEntries(names.map((name) => [name, 0.01])));
  node.run(60);
  const share = node.run(7200);
  assert.ok(share <= 0.0525, `${share}`);
  for (const name of names) assert.ok((node.dark[name] ?? 0) < 7000, name);
});

test('when the load is over all run again within two minutes', () => {
  const node = new Node(0.05, 0.02, { a: 0.5, b: 0.3, c: 0.4, idle: 0 });
  node.run(300);
  for (const name of ['a', 'b', 'c']) node.idle.add(name);
  node.run(120);
  assert.deepEqual(node.running, ['a', 'b', 'c', 'idle']);
});

test('a daemon that is above the budget by itself for long pauses everything, and says so', () => {
  const node = new Node(0.05, 0.08, { a: 0.01, idle: 0 });
  node.run(20);
  assert.equal(node.budget.isTooSmall, false);
  node.run(100);
  assert.deepEqual(node.running, []);
  assert.equal(node.budget.isTooSmall, true);
  node.daemon = 0.02;
  node.run(600);
  assert.deepEqual(node.running, ['a', 'idle']);
  assert.equal(node.budget.isTooSmall, false);
});

test('a burst of the daemon alone costs no quiet pod its capture', () => {
  const node = new Node(0.05, 0.01, { a: 0.001, idle: 0 });
  node.run(10);
  node.daemon = 1;
  node.run(6);
  node.daemon = 0.01;
  node.run(600);
  assert.deepEqual(node.dark, {});
});

function load(cpu: number) {
  return new Map([['a', { cpu, packets: () => undefined }]]);
}

test('a pod that is gone is forgotten, and one of its name begins anew', () => {
  const budget = new Budget(0.05);
  let [now, total] = [0, 0];
  const next = (pods: Parameters<Budget['decide']>[0]['pods'], cost: number) => {
    now += STEP;
    total += cost;
    return budget.decide({ now, self: 0, total, pods });
  };
  next(load(0), 0);
  assert.deepEqual(next(load(2), 2).pause, ['a']);
  next(new Map(), 0);
  for (let step = 0; step < 60; step += 1) {
    assert.deepEqual(next(load(2), 0), { pause: [], resume: [] });
  }
});
