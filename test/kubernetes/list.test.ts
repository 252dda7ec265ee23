import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ListReader } from '../../lib/kubernetes/list.ts';
import { recorded } from '../lab/apiserver/recording.ts';

/** Reads a text that arrives in pieces of so many bytes. */
function read(text: string, size: number): { items: unknown[]; version: string } {
  const reader = new ListReader();
  const bytes = Buffer.from(text);
  const items: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    items.push(...reader.read(bytes.subarray(at, at + size)));
  }
  return { items, version: reader.end().resourceVersion ?? '' };
}

for (const resource of ['pods', 'services', 'nodes']) {
  test(`the recorded list of ${resource} is read as JSON.parse reads it, however it arrives`, () => {
    const text = recorded(`api/${resource}-rv0`).chunks.join('');
    const { items, metadata } = JSON.parse(text);
    assert.ok(items.length > 0);
    for (const size of [1, 7, 4096, text.length]) {
      assert.deepEqual(read(text, size), { items, version: metadata.resourceVersion });
    }
  });
}

test('any list of any objects comes out as it went in, spaces and order of its keys aside', () => {
  const items = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()));
  const spaces = fc.constantFrom(0, 1, 3);
  const sizes = fc.integer({ min: 1, max: 50 });
  fc.assert(
    fc.property(items, spaces, sizes, fc.boolean(), (items, spaces, size, late) => {
      const metadata = { resourceVersion: '7', more: [{ a: ['[', '{'] }] };
      const list = late ? { items, metadata } : { kind: 'PodList', metadata, items };
      const text = JSON.stringify(list, undefined, spaces);
      const expected = JSON.parse(text).items;
      assert.deepEqual(read(text, size), { items: expected, version: '7' });
    }),
  );
});

test('a list without items has none', () => {
  for (const items of ['[]', 'null']) {
    const text = `{"metadata":{"resourceVersion":"7"},"items":${items}}\n`;
    assert.deepEqual(read(text, 5), { items: [], version: '7' });
  }
});

test('a list that is cut off anywhere is an error', () => {
  const text = JSON.stringify({
    metadata: { resourceVersion: '7' },
    items: [{ a: 1 }, { b: '}' }],
  });
  for (let length = 0; length < text.length; length += 1) {
    assert.throws(() => read(text.slice(0, length), 1000), SyntaxError, text.slice(0, length));
  }
});

test('an object without end is refused, not held in memory', () => {
  const reader = new ListReader();
  const chunk = Buffer.alloc(1024 * 1024, 'a');
  const feed = () => {
    for (let at = 0; at < 32; at += 1) Array.from(reader.read(chunk));
  };
  assert.deepEqual(Array.from(reader.read(Buffer.from('{"items":[{"a":"'))), []);
  assert.throws(feed, RangeError);
});
