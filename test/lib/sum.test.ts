import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sum } from '../../lib/sum.ts';

test('the numbers of all items are added, and of none the sum is zero', () => {
  assert.equal(
    sum(new Set(['a', 'bcd']), ({ length }) => length),
    4,
  );
  assert.equal(sum([], Number), 0);
});
