import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PAGES, withTables } from './tables.ts';

for (const page of PAGES) {
  test(`the tables of ${page} are what the descriptors make: npm run docs:tables`, () => {
    const text = readFileSync(page, 'utf8');
    assert.match(text, /^<!-- table:\w+ -->\n\|/m);
    assert.equal(text, withTables(text));
  });
}
