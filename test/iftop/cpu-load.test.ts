import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuLoad } from '../../lib/iftop/cpu-load.ts';

/** Measures every two seconds a capture that takes these shares of a core. */
function measured(shares: readonly number[]): CpuLoad {
  const strain = new CpuLoad(0, 0);
  let cpu = 0;
  for (const [index, share] of shares.entries()) {
    cpu += 2 * share;
    strain.measure((index + 1) * 2000, () => cpu);
  }
  return strain;
}

test('an ordinary capture is not strained', () => {
  const strain = measured([0.06, 0.06, 0.2]);
  assert.deepEqual([strain.isHigh, strain.isExcessive], [false, false]);
});

test('one that takes a third of a core is strained, for ever if need be', () => {
  const strain = measured(Array.from({ length: 60 }, () => 0.33));
  assert.deepEqual([strain.isHigh, strain.isExcessive], [true, false]);
});

test('a burst is sat out, eight seconds are too much', () => {
  assert.equal(measured([0.1, 1, 1, 1]).isExcessive, false);
  assert.equal(measured([0.1, 1, 1, 1, 1]).isExcessive, true);
  assert.equal(measured([1, 1, 1, 0.1, 1, 1]).isExcessive, false);
});

test('two looks in a moment say nothing of a share, and the CPU time is not even read', () => {
  const strain = new CpuLoad(0, 0);
  strain.measure(10, () => assert.fail('it is read'));
  strain.measure(2000, () => 0.02);
  assert.equal(strain.isHigh, false);
});
