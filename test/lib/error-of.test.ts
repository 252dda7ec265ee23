import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf } from '../../lib/error-of.ts';

test('an Error stays what it is, and all else becomes the message of one', () => {
  const error = new RangeError('too much');
  assert.equal(errorOf(error), error);
  assert.deepEqual(
    ['text', undefined].map((thrown) => errorOf(thrown).message),
    ['text', 'undefined'],
  );
});
