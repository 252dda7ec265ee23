import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { settle } from '../../lib/flows/balance.ts';
import type { Bytes, Slot } from '../../lib/model.ts';
import { between } from '../../lib/netns/counters.ts';
import { bytesOf, counters, flow, isClose, NOTHING, slot, slots } from './making.ts';

const DIRECTIONS = ['sent', 'received'] as const;

test('no number leaves the interval that iftop has printed', () => {
  fc.assert(
    fc.property(slots, (given) => {
      const { pairs, rest } = settle(given);
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

test('the sum is the kernel’s wherever the intervals allow it, and else as near as they allow', () => {
  fc.assert(
    fc.property(slots, (given) => {
      if (!given.before || !given.after) return;
      const kernel = between(given.before, given.after);
      const rows = [given.rest, ...given.flows];
      const nearest = (direction: keyof Bytes) => {
        const bytes = rows.reduce((sum, row) => sum + row[direction].bytes, 0);
        const slack = rows.reduce((sum, row) => sum + row[direction].slack, 0);
        return Math.max(bytes - slack, Math.min(bytes + slack, kernel[direction]));
      };
      const expected = { sent: nearest('sent'), received: nearest('received') };
      assert.ok(isClose(bytesOf([settle(given)]), expected));
    }),
  );
});

test('the order of the flows does not matter', () => {
  const shuffled = slots.chain((given) =>
    fc
      .shuffledSubarray([...given.flows.keys()], { minLength: given.flows.length })
      .map((order): [Slot, number[]] => [given, order]),
  );
  fc.assert(
    fc.property(shuffled, ([given, order]) => {
      const flows = order.flatMap((at) => given.flows[at] ?? []);
      const [one, other] = [settle(given), settle({ ...given, flows })];
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
  assert.deepEqual(settle(given).pairs, [
    { local: '10.0.0.1', remote: '10.0.0.2', sent: 100, received: 100 },
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
    settle(given).pairs.map(({ sent }) => sent),
    [1015, 105],
  );
});

test('what iftop has not seen stays missing', () => {
  const [before, after] = [counters(NOTHING), counters({ sent: 0, received: 1_000_000 })];
  const given = slot(0, 2000, { received: 1000 }, { before, after });
  assert.deepEqual(bytesOf([settle(given)]), { sent: 0, received: 1000 });
});
