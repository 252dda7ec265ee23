import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const PAGES = globSync(['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/**/*.md']);
/** What is in code is neither a heading nor a link. */
const FENCE = /^```[^]*?^```$/gm;
const CODE = /`[^`]*`/g;

test('a newcomer has read the README in two minutes', () => {
  assert.ok(statSync('README.md').size <= 12_000, `${statSync('README.md').size} bytes`);
});

for (const page of PAGES) {
  test(`the links of ${page} lead somewhere`, () => {
    const text = prose(page).replaceAll(CODE, '``');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => !/^https?:/.test(target) && !leads(page, target));
    assert.deepEqual(broken, []);
  });

  test(`the paths in ${page} are there`, () => {
    const spans = prose(page).match(CODE) ?? [];
    const paths = spans.flatMap(
      (span) => span.match(/(?<![\w/.])(?:daemon|lib|test)\/[\w./*-]*\w/g) ?? [],
    );
    assert.deepEqual(
      paths.filter((path) => globSync(path).length === 0),
      [],
    );
  });
}

test('each page can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    const links = prose(page).matchAll(/\]\(([^)#\s]+\.md)/g);
    for (const [, target = ''] of links) reached.add(normalize(join(dirname(page), target)));
  }
  assert.deepEqual(
    PAGES.filter((page) => !reached.has(page)),
    [],
  );
});

test('headings are found by the anchors that GitHub gives them', () => {
  const text = '# As a sidecar\n## `LISTEN`, and why\n## The log\n### The log\n## A [link](b.md)\n';
  const anchors = ['as-a-sidecar', 'listen-and-why', 'the-log', 'the-log-1', 'a-link'];
  assert.deepEqual([...anchorsOf(text)], anchors);
});

function prose(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(FENCE, '');
}

function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path ? join(dirname(page), path) : page;
  return existsSync(file) && (anchor === undefined || anchorsOf(prose(file)).has(anchor));
}

function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const words = heading.replaceAll(/\]\([^)]*\)/g, '').toLowerCase();
    const plain = words.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = plain;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${plain}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}
