import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SyncedDirectory } from '../../lib/influx/spool/synced-directory.ts';
import { WindowFiles, WindowSizeError } from '../../lib/influx/spool/window-files.ts';

test('a window that would be too large to be read again is not written', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'nstats-windows-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const files = new WindowFiles(new SyncedDirectory(directory), Infinity);
  const large = Buffer.alloc(64 * 1024 * 1024 + 1);
  assert.equal(files.hasRoom(1, large.length), false);
  await assert.rejects(files.put(1, large), WindowSizeError);
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(files.has(1), false);
});
