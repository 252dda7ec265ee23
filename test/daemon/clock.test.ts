import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundaries } from '../../daemon/clock.ts';

const INTERVAL = 20;

test('each end of a window is a multiple of its length, later than the last, and comes when it has passed', async () => {
  const stop = new AbortController();
  const ends: number[] = [];
  for await (const end of boundaries(INTERVAL, stop.signal)) {
    assert.ok(Date.now() >= end);
    assert.equal(end % INTERVAL, 0);
    assert.ok(end > (ends.at(-1) ?? 0));
    if (ends.push(end) === 5) stop.abort();
  }
  assert.equal(ends.length, 5);
});

test('the first end lies ahead of the start', async () => {
  const start = Date.now();
  for await (const end of boundaries(INTERVAL, new AbortController().signal)) {
    assert.ok(end > start);
    break;
  }
});

test('a clock that is set back brings no end twice, one that leaps ahead skips what it has passed', async (t) => {
  const now = Date.now;
  let set = 0;
  t.mock.method(Date, 'now', () => now() + set);
  const stop = new AbortController();
  const ends: number[] = [];
  for await (const end of boundaries(INTERVAL, stop.signal)) {
    ends.push(end);
    if (ends.length === 1) set = -5 * INTERVAL;
    if (ends.length === 2) set = 3_600_000;
    if (ends.length === 3) stop.abort();
  }
  const [first = NaN, second = NaN, third = NaN] = ends;
  assert.equal(second, first + INTERVAL);
  assert.ok(third > second + 3_000_000);
});

test('it ends at once when it is told to, before or while it waits', async () => {
  const stop = new AbortController();
  const waiting = boundaries(3_600_000, stop.signal).next();
  stop.abort();
  const never = boundaries(3_600_000, AbortSignal.abort()).next();
  for (const result of [await waiting, await never]) {
    assert.deepEqual(result, { done: true, value: undefined });
  }
});
