import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfter } from '../../lib/retry-after.ts';

test('seconds and dates are read, up to five minutes', () => {
  const inAMinute = retryAfter(new Date(Date.now() + 60_000).toUTCString()) ?? 0;
  assert.ok(inAMinute > 50_000 && inAMinute <= 60_000, `${inAMinute}`);
  assert.equal(retryAfter('7'), 7000);
  assert.equal(retryAfter('Thu, 01 Jan 1970 00:00:00 GMT'), 0);
  for (const long of ['301', '9'.repeat(400), 'Fri, 31 Dec 2199 00:00:00 GMT'])
    assert.equal(retryAfter(long), 300_000);
});

test('anything else is no time', () => {
  for (const header of [undefined, '', 'soon', ['7', 'x']])
    assert.equal(retryAfter(header), undefined);
});
