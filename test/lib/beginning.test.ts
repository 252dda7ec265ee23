import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readable } from 'node:stream';
import { beginning } from '../../lib/beginning.ts';

async function* broken() {
  yield Buffer.from('abc');
  throw new Error('broken off');
}

test('no more than the first bytes are read, and then the stream is destroyed', async () => {
  const body = Readable.from(['abc', 'def', 'ghi'].map((text) => Buffer.from(text)));
  assert.deepEqual((await Array.fromAsync(beginning(body, 4))).join(), 'abc,d');
  assert.equal(body.destroyed, true);
});

test('a shorter stream is read to its end, and its error is passed on', async () => {
  assert.equal(
    (await Array.fromAsync(beginning(Readable.from([Buffer.from('abc')]), 4))).join(),
    'abc',
  );
  await assert.rejects(Array.fromAsync(beginning(Readable.from(broken()), 4)), /broken off/);
});
