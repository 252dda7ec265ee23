import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Condition, CONDITIONS } from '../../lib/conditions.ts';

const PAGE = 'docs/operations.md';

test('the documentation has all conditions, in the words of the log', () => {
  const [, table = ''] =
    /<!-- conditions -->\n([^]*?)<!-- \/conditions -->/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const rows = Object.values<Condition>(CONDITIONS).map(
    ({ sentence, found, remedy }) => `| ${sentence} | ${found} | ${remedy} |\n`,
  );
  const head = '| message | how it is found | fix |\n|---|---|---|\n';
  assert.equal(table, head + rows.join(''));
});
