import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { top } from '../../lib/flows/top.ts';
import { nameless } from '../../lib/kubernetes/directory.ts';
import type { Bytes } from '../../lib/model.ts';
import { add, NOTHING, someBytes } from './making.ts';

const edges = fc
  .array(someBytes, { maxLength: 40 })
  .map((list) => list.map((bytes, at) => ({ peer: nameless('external', `${at}`), ...bytes })));

function size({ sent, received }: Bytes): number {
  return sent + received;
}

test('no byte is lost or added, and no more than the limit are named', () => {
  fc.assert(
    fc.property(edges, someBytes, fc.integer({ min: 1, max: 30 }), (edges, rest, limit) => {
      const kept = top(edges, rest, limit);
      const named = kept.filter(({ peer }) => peer.kind !== 'other');
      assert.deepEqual(add(kept), add([...edges, rest]));
      assert.equal(named.length, Math.min(limit, edges.length));
      assert.ok(kept.length - named.length <= 1);
    }),
  );
});

test('those with the most bytes in both directions together are named', () => {
  fc.assert(
    fc.property(edges, fc.integer({ min: 1, max: 30 }), (edges, limit) => {
      const kept = top(edges, NOTHING, limit).filter(({ peer }) => peer.kind !== 'other');
      const dropped = edges.filter(({ peer }) => !kept.some((edge) => edge.peer === peer));
      const least = Math.min(Infinity, ...kept.map(size));
      assert.ok(dropped.every((edge) => size(edge) <= least));
    }),
  );
});

test('without anything left over there is no row for the others', () => {
  const [edge] = [{ peer: nameless('external', 'a'), sent: 5, received: 0 }];
  assert.deepEqual(top([edge], { sent: 0.4, received: 0.4 }, 1), [edge]);
});

test('what belongs to no listed pair is in the row of the others, in whole bytes', () => {
  const edge = { peer: nameless('external', 'a'), sent: 5, received: 0 };
  assert.deepEqual(top([edge], { sent: 1.6, received: 2.4 }, 1), [
    edge,
    { peer: nameless('other', '-'), sent: 2, received: 2 },
  ]);
});
