import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Painter } from '../../../daemon/top/screen/painter.ts';

test('only lines that have changed are written', () => {
  const painter = new Painter();
  assert.match(painter.changes(['a', 'b']), /1;1H.*a.*2;1H.*b/s);
  assert.equal(painter.changes(['a', 'b']), '');
  const changes = painter.changes(['a', 'c']);
  assert.match(changes, /2;1H.*c$/s);
  assert.doesNotMatch(changes, /1;1H/);
  painter.forget();
  assert.match(painter.changes(['a', 'c']), /1;1H/);
});
