import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, jittered } from '../../lib/backoff.ts';

test('each failure doubles the wait, up to a limit', () => {
  const waits = [0, 1, 2, 3, 2000].map((failures) => backoff({ first: 500, most: 3000 }, failures));
  assert.deepEqual(waits, [500, 1000, 2000, 3000, 3000]);
});

test('jitter leaves at least half of a wait', () => {
  const waits = Array.from({ length: 1000 }, () => jittered(100));
  assert.ok(waits.every((wait) => wait >= 50 && wait < 100));
  assert.ok(new Set(waits).size > 1);
});
