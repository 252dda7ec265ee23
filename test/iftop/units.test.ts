import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MOST_BYTES, slotBytes } from '../../lib/iftop/units.ts';
import { readableSize } from './readable-size.ts';

/** From one small packet in a slot to more than any link carries in two seconds. */
const slots = fc.oneof(
  fc.integer({ min: 20, max: 3000 }),
  fc.integer({ min: 20, max: 2 ** 31 }),
  fc.integer({ min: 20, max: 2 ** 40 }),
);

for (const unit of ['bytes', 'bits'] as const) {
  test(`what iftop prints in ${unit} stands for the truth, give or take its slack`, () => {
    fc.assert(
      fc.property(slots, (truth) => {
        const amount = slotBytes(readableSize(truth / 2, unit));
        assert.ok(amount);
        // iftop's single precision may add a little to half a digit.
        const slack = amount.slack + truth * 2 ** -23;
        assert.ok(Math.abs(truth - amount.bytes) <= slack, `${truth}: ${JSON.stringify(amount)}`);
      }),
      { numRuns: 1000 },
    );
  });
}

test('the slack is no more than the last digit leaves open', () => {
  fc.assert(
    fc.property(slots, (truth) => {
      const { bytes, slack } = slotBytes(readableSize(truth / 2, 'bytes')) ?? {
        bytes: 0,
        slack: NaN,
      };
      assert.ok(slack <= Math.max(1, bytes * 0.0053), `${truth}: ${bytes} ± ${slack}`);
    }),
  );
});

const table: readonly [printed: string, bytes: number, slack: number][] = [
  ['0B', 0, 0],
  ['0b', 0, 0],
  ['45B', 90, 1],
  ['999B', 1998, 1],
  ['1000B', 2000, 1],
  ['0.98KB', 2 * 0.98 * 1024, 10.24],
  ['5.02KB', 2 * 5.02 * 1024, 10.24],
  ['10.0KB', 20 * 1024, 102.4],
  ['351MB', 702 * 1024 ** 2, 1024 ** 2],
  ['1.81GB', 2 * 1.81 * 1024 ** 3, 0.01 * 1024 ** 3],
  ['10.00MB', 20 * 1024 ** 2, 0.01 * 1024 ** 2],
  ['100.0MB', 200 * 1024 ** 2, 0.1 * 1024 ** 2],
  ['1024GB', 2048 * 1024 ** 3, 1024 ** 3],
  ['80b', 20, 0.125],
  ['9.01Mb', (2 * 9.01 * 1024 ** 2) / 8, (0.01 * 1024 ** 2) / 8],
];

for (const [printed, bytes, slack] of table) {
  test(`${printed} is ${bytes} bytes of a slot`, () => {
    const amount = slotBytes(printed);
    assert.ok(amount && Math.abs(amount.bytes - bytes) < 1e-3, JSON.stringify(amount));
    assert.ok(Math.abs(amount.slack - slack) < 1e-3, JSON.stringify(amount));
  });
}

test('what is not a size of iftop is none, and no text throws', () => {
  for (const text of [
    '',
    'B',
    '1',
    '-1B',
    '1.B',
    '.5KB',
    '1e3B',
    '1 KB',
    '1TB',
    'NaNB',
    '1kB',
    '1KiB',
    '1.5KB',
    '10.01KB',
    '100.1KB',
    '1.00B',
    '12345KB',
    '1025GB',
    '9999GB',
    '99999999999999999999GB',
  ]) {
    assert.equal(slotBytes(text), undefined, text);
  }
  const almost = fc.stringMatching(/^[0-9.KMGBb \n-]{0,30}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), (text) => {
      const amount = slotBytes(text);
      assert.ok(!amount || (amount.bytes >= 0 && amount.slack >= 0 && amount.bytes <= MOST_BYTES));
    }),
  );
});
