import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keyOf } from '../../lib/naming/attribute.ts';
import { top } from '../../lib/report/top.ts';
import { nameless } from '../../lib/naming/directory.ts';
import type { Bytes, Edge } from '../../lib/model.ts';
import { add, NOTHING, someBytes } from '../accounting/making.ts';

const edges = fc
  .array(someBytes, { maxLength: 40 })
  .map((list) => list.map((bytes, at) => ({ peer: nameless('external', `${at}`), ...bytes })));

function size({ sent, received }: Bytes): number {
  return sent + received;
}

test('no byte is lost or added, and no more than the limit are named, whoever was kept before', () => {
  const limits = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(edges, someBytes, limits, fc.array(fc.nat(40)), (edges, rest, limit, old) => {
      const before = new Set(old.map((at) => keyOf({ peer: nameless('external', `${at}`) })));
      const kept = top(edges, rest, limit, before);
      const named = kept.filter(({ peer }) => peer.kind !== 'other');
      assert.deepEqual(add(kept), add([...edges, rest]));
      assert.equal(named.length, Math.min(limit, edges.length));
      assert.ok(kept.length - named.length <= 1);
    }),
  );
});

test('the peers with the most bytes in both directions together are named', () => {
  fc.assert(
    fc.property(edges, fc.integer({ min: 1, max: 30 }), (edges, limit) => {
      const kept = top(edges, NOTHING, limit).filter(({ peer }) => peer.kind !== 'other');
      const dropped = edges.filter(({ peer }) => !kept.some((edge) => edge.peer === peer));
      const least = Math.min(Infinity, ...kept.map(size));
      assert.ok(dropped.every((edge) => size(edge) <= least));
    }),
  );
});

test('bytes of no listed pair are in the row of kind other, in whole bytes, if there are any', () => {
  assert.deepEqual(top([edge('a', 5)], { sent: 0.4, received: 0.4 }, 1), [edge('a', 5)]);
  const other = { peer: nameless('other', '-'), sent: 2, received: 2 };
  assert.deepEqual(top([edge('a', 5)], { sent: 1.6, received: 2.4 }, 1), [edge('a', 5), other]);
});

function edge(name: string, sent: number): Edge {
  return { peer: nameless('external', name), sent, received: 0 };
}

/** Which of two peers has the only row, when the old one had it before. */
function winner(old: number, fresh: number): string | undefined {
  const before = new Set([keyOf(edge('old', 0))]);
  const [first] = top([edge('fresh', fresh), edge('old', old)], NOTHING, 1, before);
  return first?.peer.name;
}

test('a peer that was kept stays until a new one has twice its bytes', () => {
  assert.equal(winner(100, 190), 'old');
  assert.equal(winner(100, 210), 'fresh');
});

test('a peer counts once for each of its ports, and the remainder has none', () => {
  const { peer } = edge('a', 0);
  const edges = [9, 5, 1].map((sent) => ({ peer, port: `${sent}/tcp`, sent, received: 0 }));
  const other = { peer: nameless('other', '-'), sent: 6, received: 0 };
  assert.deepEqual(top(edges, NOTHING, 1), [edges[0], other]);
  const before = new Set([keyOf({ peer, port: '5/tcp' })]);
  assert.equal(top(edges, NOTHING, 1, before)[0]?.port, '5/tcp');
});

test('around the limit the same peers stay from window to window', () => {
  let before = new Set<string>();
  const seen = new Set<string>();
  for (let window = 0; window < 20; window += 1) {
    const edges = Array.from({ length: 20 }, (_, at) => ({
      peer: nameless('external', `${at}`),
      sent: 1000 + ((at * 7 + window * 13) % 20) * 10,
      received: 0,
    }));
    before = new Set(top(edges, NOTHING, 10, before).map(keyOf));
    for (const key of before) seen.add(key);
  }
  assert.equal(seen.size, 11, 'ten peers and the row of the others');
});
