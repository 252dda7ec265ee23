import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RetryPolicy } from '../../lib/capture/retry-policy.ts';

/** A policy, and the delay in milliseconds that follows when a source has ended for a reason. */
function policy(t: TestContext) {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const retry = new RetryPolicy();
  const delay = (reason: Parameters<RetryPolicy['ended']>[0]) => {
    retry.ended(reason);
    const ended = now;
    while (!retry.isDue) now += 250;
    return now - ended;
  };
  return { retry, delay };
}

test('delays grow with each source that ends for the same reason, up to a limit', (t) => {
  const { retry, delay } = policy(t);
  const of = (reason: Parameters<typeof delay>[0]) =>
    Array.from({ length: 8 }, () => delay(reason) / 1000);
  assert.deepEqual(of('failed'), [0.25, 0.5, 1, 2, 4, 8, 16, 30]);
  assert.deepEqual(of('overload'), [5, 10, 20, 30, 30, 30, 30, 30]);
  assert.deepEqual(of('refused'), [1, 2, 4, 8, 16, 32, 64, 128]);
  retry.reset('overload');
  assert.equal(delay('overload'), 5000);
});

test('what was refused is due at once when the interfaces have changed, but not for longer', (t) => {
  const { retry, delay } = policy(t);
  delay('refused');
  retry.ended('refused');
  assert.ok(!retry.isDue);
  retry.retryRefused();
  assert.ok(retry.isDue);
  assert.equal(delay('refused'), 4000);
});
