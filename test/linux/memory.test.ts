import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { memory, residentBytes } from '../../lib/linux/memory.ts';
import { procWith } from './recordings.ts';

/** As a kernel prints it whose pages have so many KiB: 30 pages resident, 20 of them nobody else's. */
function status(page: number): string {
  const row = (name: string, pages: number) => `${name}:\t${String(pages * page).padStart(8)} kB\n`;
  return `Name:\tiftop\n${row('VmRSS', 30)}${row('RssAnon', 20)}${row('RssFile', 8)}${row('RssShmem', 2)}`;
}

test('a process has its part of what it shares, or all that it does not share, or has gone', (t) => {
  const path = procWith(t, {
    'self/smaps_rollup': 'Rss:  2048 kB\nPss:   100 kB\nPss_Dirty:  50 kB\n',
    'self/status': status(4),
    '11/status': status(4),
  });
  assert.equal(memory(path, ['self']), 100 * 1024);
  assert.equal(memory(path, [11]), 20 * 4096);
  assert.equal(memory(path, ['self', 11, 99]), 100 * 1024 + 20 * 4096);
  assert.equal(residentBytes(path, ['self', 11, 99]), 60 * 4096);
});

for (const page of [4, 16, 64]) {
  test(`pages of ${page} KiB count as what they are`, (t) => {
    const path = procWith(t, { '7/status': status(page), '7/statm': '1000 30 10 1 0 5 0\n' });
    assert.equal(residentBytes(path, [7]), 30 * page * 1024);
    assert.equal(memory(path, [7]), 20 * page * 1024);
  });
}

test('what is no figure, and what a process is called, is no memory', (t) => {
  const path = procWith(t, {
    '7/status': 'Name:\tVmRSS: 9 kB\nVmRSS:\t lots kB\n',
    '8/status': 'Name:\tkthread\nState:\tS\n',
    '9/status': '',
  });
  assert.equal(residentBytes(path, [7, 8, 9]), 0);
  assert.equal(memory(path, [7, 8, 9]), 0);
});

test('of this process the kernel tells as much in kilobytes as in pages', () => {
  const figures = [memory('/proc', ['self']), residentBytes('/proc', ['self'])];
  for (const bytes of figures) assert.ok(bytes > 10_000_000 && bytes < 10_000_000_000, `${bytes}`);
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]);
  const page = (residentBytes('/proc', ['self']) / pages) * 1.0;
  const size = 2 ** Math.round(Math.log2(page));
  assert.ok([4096, 16_384, 65_536].includes(size), `${page}`);
});
