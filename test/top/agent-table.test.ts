import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AgentTable } from '../../lib/top/agent-table.ts';
import { sum } from '../../lib/sum.ts';
import type { LiveFlow, LiveSlot } from '../../lib/live/frame.ts';

/** The agent's clock, when the reader's is at 0. */
const CLOCK = 1_700_000_000_000;

function flow(peer: string, sentBytes: number, receivedBytes = 0): LiveFlow {
  const names = { peer_kind: 'external', peer_namespace: '-', peer_workload: '-', port: '-' };
  return { ...names, peer, sentBytes, receivedBytes };
}

function slot(from: number, to: number, flows: readonly LiveFlow[], more = {}): LiveSlot {
  const names = { namespace: 'shop', pod: 'web-1', workload: 'Deployment/web', interface: 'eth0' };
  return { ...names, from: CLOCK + from, to: CLOCK + to, flows, ...more };
}

/** A table that took slots as they came, some time after their ends. */
function table(slots: readonly LiveSlot[], late = 300): AgentTable {
  const table = new AgentTable();
  table.add({ at: CLOCK + 1000, slots: [] }, 1000);
  for (const each of slots) {
    const at = each.to + late;
    table.add({ at, slots: [each] }, at - CLOCK);
  }
  return table;
}

/** A slot every two seconds with so many bytes sent, until a moment. */
function steady(until: number, bytes: number): LiveSlot[] {
  return Array.from({ length: (until - 1000) / 2000 }, (_, index) =>
    slot(1000 + index * 2000, 3000 + index * 2000, [flow('a', bytes)]),
  );
}

test('steady traffic has one rate now and in the means', () => {
  const [view] = table(steady(61_000, 250_000)).views(62_000);
  assert.deepEqual(
    [view?.now.send, view?.mean10.send, view?.mean40.send].map((rate) => Math.round(rate ?? 0)),
    [1e6, 1e6, 1e6],
  );
  assert.equal(view?.sentBytes, 30 * 250_000);
});

test('after the first two slots the rates are whole', () => {
  const [view] = table(steady(5000, 250_000)).views(5400);
  assert.deepEqual([view?.now.send, view?.mean40.send], [1e6, 1e6]);
});

test('a flow that has just begun has its rate now and less in the means', () => {
  const slots = [...steady(41_000, 0), slot(41_000, 43_000, [flow('b', 250_000)])];
  const view = table(slots)
    .views(43_400)
    .find(({ peer }) => peer === 'b');
  assert.equal(view?.now.send, 1e6);
  assert.equal(Math.round(view?.mean10.send ?? 0), 200_000);
  assert.equal(Math.round(view?.mean40.send ?? 0), 50_000);
});

test('a slot at the end of a window may be short', () => {
  const slots = [...steady(9000, 250_000), slot(9000, 9100, [flow('a', 12_500)])];
  const [view] = table(slots).views(9500);
  assert.equal(Math.round(view?.now.send ?? 0), 1e6);
});

test('a flow that is in the last slot no more is at rest', () => {
  const [view] = table([...steady(9000, 250_000), slot(9000, 11_000, [])]).views(11_400);
  assert.equal(view?.now.send, 0);
  assert.equal(Math.round(view?.mean10.send ?? 0), 800_000);
});

test('a pod whose slots stop comes to rest, and is forgotten in a minute', () => {
  const quiet = table(steady(9000, 250_000));
  const [view] = quiet.views(14_000);
  assert.equal(view?.now.send, 0);
  quiet.add({ at: CLOCK + 70_000, slots: [] }, 70_000);
  assert.deepEqual(quiet.views(70_000), []);
});

test('each look has the rates of its moment, whatever was looked at before', () => {
  const looked = table(steady(9000, 250_000));
  const now = (moment: number) => Math.round(looked.views(moment)[0]?.now.send ?? 0);
  assert.deepEqual([now(9400), now(9900)], [1e6, 1e6]);
  const next = slot(9000, 11_000, [flow('a', 500_000)]);
  looked.add({ at: next.to + 300, slots: [next] }, 11_300);
  assert.deepEqual([now(11_400), now(16_000)], [2e6, 0]);
});

test('what two interfaces of a pod have with a peer is one view', () => {
  const slots = [
    slot(1000, 3000, [flow('a', 100)]),
    slot(1000, 3000, [flow('a', 1)], { interface: 'net1' }),
  ];
  const views = table(slots).views(3500);
  assert.deepEqual(
    views.map(({ sentBytes }) => sentBytes),
    [101],
  );
});

test('a clock of the agent that is set does no harm', () => {
  const set = table(steady(9000, 250_000));
  const past = slot(2000, 4000, [flow('a', 250_000)]);
  set.add({ at: past.to + 300, slots: [past] }, 11_300);
  const future = slot(100_000, 102_000, [flow('a', 250_000)]);
  set.add({ at: CLOCK, slots: [future] }, 11_400);
  const [view] = set.views(11_500);
  assert.equal(Math.round(view?.now.send ?? 0), 1e6);
});

test('an agent that tells of ever more pods and peers is not kept', () => {
  const table = new AgentTable();
  const add = (nth: number) => {
    const peers = Array.from({ length: 50_000 }, (_, peer) => flow(`${nth}-${peer}`, 1));
    const each = slot(1000 + nth, 1001 + nth, peers, { pod: `web-${nth}` });
    table.add({ at: each.to, slots: [each] }, each.to - CLOCK);
  };
  assert.throws(() => {
    for (let nth = 0; nth < 20; nth += 1) add(nth);
  }, /more pods, peers and slots than/);
  assert.deepEqual(table.views(2000), []);
});

test('an agent that tells of the same peers faster than an agent can is not kept', () => {
  const table = new AgentTable();
  const peers = Array.from({ length: 50_000 }, (_, peer) => flow(`${peer}`, 1));
  const add = (nth: number) => {
    const each = slot(1000 + nth, 1001 + nth, peers);
    table.add({ at: each.to, slots: [each] }, each.to - CLOCK);
  };
  for (let nth = 0; nth < 120; nth += 1) add(nth);
  assert.throws(() => add(120), /more pods, peers and slots than/);
  assert.deepEqual(table.views(2000), []);
});

test('sums have what passed in the time that is asked for, to the byte', () => {
  const sums = new AgentTable({ from: 4000, to: 8000 });
  for (const each of steady(21_000, 1000))
    sums.add({ at: each.to, slots: [each] }, each.to - CLOCK);
  assert.equal(sums.views(100_000)[0]?.sentBytes, 2000);
});

test('whatever slots come, sums have all their bytes', () => {
  const bytes = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(1e9)), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(bytes, (lengths) => {
      let from = 1000;
      const slots = lengths.map(([length, sent], index) => {
        const each = slot(from, from + length, [flow(`peer-${index % 3}`, sent)]);
        from += length;
        return each;
      });
      const views = table(slots).views(from + 1000);
      const all = sum(lengths, ([, sent]) => sent);
      // Peers of which nothing was heard for a minute are forgotten.
      if (from < 50_000)
        assert.equal(
          sum(views, ({ sentBytes }) => sentBytes),
          all,
        );
      for (const { now, mean10, mean40 } of views)
        for (const { send } of [now, mean10, mean40]) assert.ok(Number.isFinite(send) && send >= 0);
    }),
  );
});
