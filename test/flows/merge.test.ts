import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { merge } from '../../lib/flows/merge.ts';
import type { Window } from '../../lib/model.ts';
import { add, bytesOf, kernels, NOTHING, pairs, someBytes } from './making.ts';

const windows: fc.Arbitrary<Window> = fc.record({
  start: fc.nat(10_000),
  end: fc.integer({ min: 10_000, max: 20_000 }),
  pairs,
  rest: someBytes,
  kernel: fc.option(kernels, { nil: undefined }),
});

test('two windows as one have all bytes of both, by iftop and by the kernel', () => {
  fc.assert(
    fc.property(windows, windows, (a, b) => {
      const merged = merge(a, b);
      assert.deepEqual(bytesOf([merged]), bytesOf([a, b]));
      const known = [a, b].flatMap(({ kernel }) => kernel ?? []);
      const { sent, received } = merged.kernel ?? NOTHING;
      assert.deepEqual({ sent, received }, add(known));
      assert.equal(merged.kernel === undefined, known.length === 0);
    }),
  );
});

test('it lasts from the first start to the last end', () => {
  const empty = { pairs: [], rest: NOTHING, kernel: undefined };
  const { start, end } = merge({ start: 5, end: 10, ...empty }, { start: 0, end: 7, ...empty });
  assert.deepEqual([start, end], [0, 10]);
});

test('packets are added up too', () => {
  const kernel = { sent: 1, received: 2, sentPackets: 3, receivedPackets: 4 };
  const one = { start: 0, end: 1, pairs: [], rest: NOTHING, kernel };
  assert.deepEqual(merge(one, one).kernel, {
    sent: 2,
    received: 4,
    sentPackets: 6,
    receivedPackets: 8,
  });
});
