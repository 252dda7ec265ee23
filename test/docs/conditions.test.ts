import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CONDITIONS } from '../../lib/conditions.ts';

const PAGE = 'docs/operations.md';

test('the documentation has all conditions, in the words of the log', () => {
  const [, table = ''] =
    /<!-- conditions -->\n([^]*?)<!-- \/conditions -->/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const [, , ...rows] = table.trim().split('\n');
  assert.deepEqual(
    rows.map((row) => row.split(' | ').filter((_, column) => column !== 1)),
    Object.values(CONDITIONS).map(({ sentence, remedy }) => [`| ${sentence}`, `${remedy} |`]),
  );
});
