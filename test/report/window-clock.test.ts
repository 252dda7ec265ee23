import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { boundaries } from '../../lib/report/window-clock.ts';

const INTERVAL = 20;

test('each end of a window is a multiple of its length, later than the last, and comes when it has passed', async () => {
  const stop = new AbortController();
  const ends: number[] = [];
  const start = Date.now();
  for await (const end of boundaries(INTERVAL, stop.signal)) {
    assert.ok(Date.now() >= end);
    assert.equal(end % INTERVAL, 0);
    assert.ok(end > (ends.at(-1) ?? start));
    if (ends.push(end) === 5) stop.abort();
  }
  assert.equal(ends.length, 5);
});

/**
 * The ends of windows of a clock that is set ahead after each end, by so many milliseconds. The clock goes on by a
 * quarter of a window whenever it is read, so that a busy machine skips no end.
 */
async function endsWhenSet(t: TestContext, ...steps: readonly number[]): Promise<number[]> {
  let now = 1_700_000_000_000;
  t.mock.method(Date, 'now', () => (now += INTERVAL / 4));
  const ends: number[] = [];
  for await (const end of boundaries(INTERVAL, AbortSignal.timeout(10_000))) {
    now += steps[ends.length] ?? 0;
    if (ends.push(end) > steps.length) break;
  }
  return ends;
}

test('after the clock was set back a little no end comes twice, after it was set ahead ends are skipped', async (t) => {
  const [first = NaN, second, third = NaN] = await endsWhenSet(t, -INTERVAL / 2, 3_600_000);
  assert.equal(second, first + INTERVAL);
  assert.ok(third > first + 3_000_000);
});

test('a clock that is set back by more than a window goes on from there', async (t) => {
  const [first = NaN, second = NaN, third] = await endsWhenSet(t, -3_600_000, 0);
  assert.ok(second < first - 3_000_000);
  assert.equal(third, second + INTERVAL);
});

test('an abort ends the clock at once, before or while it waits', async () => {
  const stop = new AbortController();
  const waiting = boundaries(3_600_000, stop.signal).next();
  stop.abort();
  const never = boundaries(3_600_000, AbortSignal.abort()).next();
  for (const result of [await waiting, await never]) {
    assert.deepEqual(result, { done: true, value: undefined });
  }
});
