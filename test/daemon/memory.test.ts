import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { memory } from '../../daemon/memory.ts';

test('a process has its part of what it shares, or all that it does not share, or has gone', (t) => {
  const path = mkdtempSync(join(tmpdir(), 'ut-proc-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const pid of ['self', '11']) mkdirSync(join(path, pid));
  const rollup = 'Rss:  2048 kB\nPss:   100 kB\nPss_Dirty:  50 kB\n';
  writeFileSync(join(path, 'self', 'smaps_rollup'), rollup);
  writeFileSync(join(path, '11', 'statm'), '1000 30 10 1 0 5 0\n');
  assert.equal(memory(path, ['self']), 100 * 1024);
  assert.equal(memory(path, [11]), 20 * 4096);
  assert.equal(memory(path, ['self', 11, 99]), 100 * 1024 + 20 * 4096);
});

test('of this process the kernel tells it', () => {
  const bytes = memory('/proc', ['self']);
  assert.ok(bytes > 10_000_000 && bytes < 10_000_000_000, `${bytes}`);
});
