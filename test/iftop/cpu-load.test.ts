import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuLoad } from '../../lib/iftop/cpu-load.ts';

/** Measures every two seconds a capture that takes these shares of a core. */
function measured(shares: readonly number[]): CpuLoad {
  const load = new CpuLoad(0, 0);
  let cpu = 0;
  for (const [index, share] of shares.entries()) {
    cpu += 2 * share;
    load.measure((index + 1) * 2000, () => cpu);
  }
  return load;
}

test('the load of an ordinary capture is not high', () => {
  const load = measured([0.06, 0.06, 0.2]);
  assert.deepEqual([load.isHigh, load.isExcessive], [false, false]);
});

test('a third of a core is high, but never too much', () => {
  const load = measured(Array.from({ length: 60 }, () => 0.33));
  assert.deepEqual([load.isHigh, load.isExcessive], [true, false]);
});

test('a burst is sat out, eight seconds are too much', () => {
  assert.equal(measured([0.1, 1, 1, 1]).isExcessive, false);
  assert.equal(measured([0.1, 1, 1, 1, 1]).isExcessive, true);
  assert.equal(measured([1, 1, 1, 0.1, 1, 1]).isExcessive, false);
});

test('a load is calm ten seconds after the start, or after it was high', () => {
  const none = Array.from({ length: 5 }, () => 0.1);
  assert.equal(measured(none).isCalm, true);
  assert.equal(measured([...none, 0.3, 0.1, 0.1, 0.1, 0.1]).isCalm, false);
  assert.equal(measured([0.3, ...none]).isCalm, true);
});

test('two moments close to each other tell no share, and the CPU time is not even read', () => {
  const load = new CpuLoad(0, 0);
  load.measure(10, () => assert.fail('it is read'));
  load.measure(2000, () => 0.02);
  assert.equal(load.isHigh, false);
});
