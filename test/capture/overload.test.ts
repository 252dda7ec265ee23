import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Overload } from '../../lib/capture/overload.ts';

test('the pauses grow, but never beyond half a minute', () => {
  const overload = new Overload();
  const pauses = [0, 1, 2, 3, 4, 5].map((at) => overload.stopped(at));
  assert.deepEqual(pauses, [5000, 10_000, 20_000, 30_000, 30_000, 30_000]);
});

test('it is over when a capture has run for ten seconds without strain', () => {
  const overload = new Overload();
  overload.stopped(0);
  assert.equal(overload.settle(60_000, undefined), false);
  assert.equal(overload.settle(60_000, 55_000), false);
  overload.strained(58_000);
  assert.equal(overload.settle(67_000, 55_000), false);
  assert.equal(overload.isOn, true);
  assert.equal(overload.settle(68_000, 55_000), true);
  assert.equal(overload.isOn, false);
  assert.equal(overload.settle(69_000, 55_000), false, 'it is over once');
  assert.equal(overload.stopped(70_000), 5000, 'the next one begins anew');
});
