import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGES, type Results, tablesOf, withTables } from './pages.ts';

const RESULTS = join(import.meta.dirname, 'results.json');
const tables = [
  { name: 'a', text: 'What it is:', head: ['', 'bytes'], rows: [['one', '1,000 $&']] },
  { name: 'b', text: 'Not here:', head: ['x'], rows: [] },
];

const kept = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : undefined;
const measured = kept === undefined ? [] : tablesOf(JSON.parse(kept) as Results);

test('the tables in the pages are what the bench has measured (npm run bench -- --write)', () => {
  for (const path of PAGES) {
    const text = readFileSync(path, 'utf8');
    assert.equal(withTables(text, measured), text);
  }
});

test('each table has one place', () => {
  const text = PAGES.map((path) => readFileSync(path, 'utf8')).join('\n');
  const places = [...text.matchAll(/^<!-- bench:(\S+) -->$/gm)].map(([, name = '']) => name);
  assert.deepEqual(places.toSorted(), measured.map(({ name }) => name).toSorted());
});

test('a table takes the place of the one before it, and nothing else changes', () => {
  const table = 'What it is:\n\n|  | bytes |\n|---|---|\n| one | 1,000 $& |';
  assert.equal(withTables(page(''), tables), page(`${table}\n`));
  assert.equal(withTables(page('old\n\n| x |\n'), tables), page(`${table}\n`));
  assert.equal(withTables(page(`${table}\n`), tables), page(`${table}\n`));
});

test('a place without a table is an error, and so is one without an end', () => {
  const place = '<!-- bench:a -->\n<!-- /bench -->\n';
  assert.throws(() => withTables(place.replace('a', 'c'), tables), /no table c/);
  assert.throws(() => withTables(`<!-- bench:b -->\n${place}`, tables), /table b has no end/);
  assert.throws(() => withTables(`${place}<!-- bench:b -->\n`, tables), /has no end/);
});

function page(inside: string): string {
  return `# Title\n<!-- bench:a -->\n${inside}<!-- /bench -->\n\nText, \`<!-- bench:b -->\`\n`;
}
