import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ProcessTable } from '../../lib/netns/processes.ts';

const UID = '6f1f4f0e-1a2b-4c3d-8e9f-001122334455';
const IN_POD = `0::/kubepods/pod${UID}/abc\n`;

/** A directory like /proc, and a way to put processes into it. */
function proc(context: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'ut-proc-'));
  context.after(() => rmSync(path, { recursive: true }));
  return {
    path,
    put: (pid: number, cgroup: string) => {
      mkdirSync(join(path, `${pid}`), { recursive: true });
      writeFileSync(join(path, `${pid}`, 'cgroup'), cgroup);
    },
  };
}

test('a process that has come since all were looked at is found without looking at them again', (t) => {
  const { path, put } = proc(t);
  put(7, IN_POD);
  put(9, '0::/system.slice\n');
  const table = new ProcessTable(path);
  table.all();
  put(30, IN_POD);
  put(9, IN_POD);
  assert.deepEqual(table.recent().get(UID), [7, 30]);
  assert.deepEqual(table.all().get(UID), [7, 9, 30]);
});

test('a process that is put into its pod after it was first seen is found all the same', (t) => {
  const { path, put } = proc(t);
  const table = new ProcessTable(path);
  put(30, '0::/system.slice/containerd\n');
  assert.equal(table.recent().get(UID), undefined);
  put(30, IN_POD);
  assert.deepEqual(table.recent().get(UID), [30]);
});
