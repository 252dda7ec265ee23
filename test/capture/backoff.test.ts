import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Backoff } from '../../lib/capture/backoff.ts';

let now: number;
beforeEach(() => {
  now = 0;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.restoreAll());

/** How long it takes until it is over. */
function wait(backoff: Backoff): number {
  const from = now;
  while (!backoff.isOver) now += 50;
  return now - from;
}

test('what fails again and again is tried at growing intervals, up to a limit', () => {
  const backoff = new Backoff({ first: 1000, most: 6000 });
  assert.deepEqual([wait(backoff), backoff.hasFailed], [0, false]);
  const waits = [1, 2, 3, 4, 5].map(() => {
    backoff.failed();
    return wait(backoff);
  });
  assert.deepEqual(waits, [1000, 2000, 4000, 6000, 6000]);
});

test('when something has changed it is tried at once, and later still if that was not it', () => {
  const backoff = new Backoff({ first: 1000, most: 6000 });
  backoff.failed();
  backoff.failed();
  backoff.end();
  assert.deepEqual([wait(backoff), backoff.hasFailed], [0, true]);
  backoff.failed();
  assert.equal(wait(backoff), 4000);
});

test('after a success it begins anew', () => {
  const backoff = new Backoff({ first: 1000, most: 6000 });
  backoff.failed();
  backoff.failed();
  backoff.reset();
  assert.deepEqual([wait(backoff), backoff.hasFailed], [0, false]);
  backoff.failed();
  assert.equal(wait(backoff), 1000);
});
