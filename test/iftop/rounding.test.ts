import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type PrintedSlot, refine } from '../../lib/iftop/rounding.ts';
import type { Bytes } from '../../lib/model.ts';
import {
  bytesOf,
  counters,
  flow,
  isClose,
  NOTHING,
  printedSlots as slots,
  printedSlot as slot,
} from '../accounting/making.ts';

const DIRECTIONS = ['sent', 'received'] as const;

test('no number leaves the interval that iftop has printed', () => {
  fc.assert(
    fc.property(slots, (given) => {
      const { pairs, rest } = refine(given);
      for (const [at, row] of [given.rest, ...given.flows].entries()) {
        const best = at === 0 ? rest : pairs[at - 1];
        for (const direction of DIRECTIONS) {
          const { bytes, slack } = row[direction];
          const off = Math.abs((best?.[direction] ?? NaN) - bytes);
          assert.ok(
            off <= slack + 1e-9 * bytes,
            `${best?.[direction]} is not in ${bytes} ± ${slack}`,
          );
        }
      }
    }),
  );
});

/** Slots of which the kernel has counted this many slacks more than was printed. */
const counted = fc.tuple(slots, fc.integer({ min: -200, max: 200 })).map(([given, percent]) => {
  const apart = percent / 100;
  const rows = [given.rest, ...given.flows];
  const off = (direction: keyof Bytes, by: number) =>
    Math.max(
      0,
      rows.reduce((sum, row) => sum + row[direction].bytes + by * row[direction].slack, 0),
    );
  const kernel = { sent: off('sent', apart), received: off('received', -apart) };
  const printed = { sent: off('sent', 0), received: off('received', 0) };
  const possible = Math.abs(apart) <= 1;
  const slot = { ...given, before: counters(NOTHING), after: counters(kernel) };
  return {
    slot,
    expected: possible ? kernel : printed,
    clear: Math.abs(apart) !== 1,
  };
});

test('the sum is the kernel’s where the intervals allow it, and else what was printed', () => {
  fc.assert(
    fc.property(counted, ({ slot, expected, clear }) => {
      if (clear) assert.ok(isClose(bytesOf([refine(slot)]), expected, 1e-6));
    }),
    { numRuns: 500 },
  );
});

test('what had been waiting is taken to have come, if the numbers allow it', () => {
  const printed = { bytes: 1000, slack: 10 };
  const sums = (kernel: number, lag: number) => {
    const bounds = { before: counters(NOTHING), after: counters({ sent: kernel, received: 0 }) };
    const flows = [flow('10.0.0.2', printed, printed)];
    const given = slot(0, 2000, {}, { ...bounds, flows });
    return refine(given, { sent: lag, received: 0 }).pairs[0]?.sent;
  };
  assert.equal(sums(600, 405), 1005, 'traffic has stopped: all of it has come');
  assert.equal(sums(1005, 500), 1005, 'steady: as much waits at the end as at the beginning');
  assert.equal(sums(700, 600), 1000, 'neither is possible');
});

test('the order of the flows does not matter', () => {
  const shuffled = slots.chain((given) =>
    fc
      .shuffledSubarray([...given.flows.keys()], { minLength: given.flows.length })
      .map((order): [PrintedSlot, number[]] => [given, order]),
  );
  fc.assert(
    fc.property(shuffled, ([given, order]) => {
      const flows = order.flatMap((at) => given.flows[at] ?? []);
      const [one, other] = [refine(given), refine({ ...given, flows })];
      assert.ok(isClose(one.rest, other.rest));
      for (const [at, from] of order.entries()) {
        assert.equal(other.pairs[at]?.remote, one.pairs[from]?.remote);
        assert.ok(isClose(other.pairs[at] ?? NOTHING, one.pairs[from] ?? NOTHING));
      }
    }),
  );
});

test('without the kernel’s count the printed numbers are the best there is', () => {
  const amount = { bytes: 100, slack: 10 };
  const given = slot(0, 2000, {}, { flows: [flow('10.0.0.2', amount, amount)] });
  assert.deepEqual(refine(given).pairs, [
    { local: '10.0.0.1', remote: '10.0.0.2', from: -1100, to: 2000, sent: 100, received: 100 },
  ]);
});

test('each number moves in proportion to its own slack', () => {
  const given = slot(
    0,
    2000,
    {},
    {
      flows: [
        flow('10.0.0.2', { bytes: 1000, slack: 30 }, { bytes: 0, slack: 0 }),
        flow('10.0.0.3', { bytes: 100, slack: 10 }, { bytes: 0, slack: 0 }),
      ],
      before: counters(NOTHING),
      after: counters({ sent: 1120, received: 0 }),
    },
  );
  assert.deepEqual(
    refine(given).pairs.map(({ sent }) => sent),
    [1015, 105],
  );
});

test('what iftop has not seen stays missing', () => {
  const [before, after] = [counters(NOTHING), counters({ sent: 0, received: 1_000_000 })];
  const given = slot(0, 2000, { received: 1000 }, { before, after });
  assert.deepEqual(bytesOf([refine(given)]), { sent: 0, received: 1000 });
});
