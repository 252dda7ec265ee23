import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fit, fitName, printable, widthOf } from '../../daemon/top/text.ts';

test('a text is filled or cut to a width', () => {
  assert.equal(fit('abc', 5, '…'), 'abc  ');
  assert.equal(fit('abcdef', 5, '…'), 'abcd…');
  assert.equal(fit('数据库', 5, '…'), '数据…');
  assert.equal(fit('数据库', 6, '…'), '数据库');
  assert.equal(fit('数据库', 4, '…'), '数 …');
  assert.equal(fit('abc', 0, '…'), '');
});

test('of a name that is cut the end stays', () => {
  assert.equal(fitName('shop/api-7f9c4d5b68-kx7pd', 20, '…'), 'shop/api-7f9c…-kx7pd');
  assert.equal(fitName('shop/api', 10, '…'), 'shop/api  ');
});

test('what would do anything but be shown is replaced', () => {
  assert.equal(printable('a\u{1B}[2Jb\nc\u{202E}'), 'a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}');
  assert.equal(widthOf(fit(`a${'\u{301}'.repeat(1000)}`, 3, '…')), 3);
  assert.ok(fit(`a${'\u{301}'.repeat(1000)}`, 3, '…').length < 20);
});

test('whatever the text, it has the width', () => {
  const any = fc.string({ unit: 'binary', maxLength: 500 });
  fc.assert(
    fc.property(any, fc.integer({ min: 0, max: 200 }), (text, width) => {
      for (const fitted of [fit(text, width, '…'), fitName(text, width, '~')]) {
        assert.equal(widthOf(fitted), width);
        assert.doesNotMatch(fitted, /\p{Cc}/u);
      }
    }),
  );
});
