import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ProcessTable } from '../../lib/linux/process-table.ts';

const UID = '6f1f4f0e-1a2b-4c3d-8e9f-001122334455';
const IN_POD = `0::/kubepods/pod${UID}/abc\n`;
const ELSEWHERE = '0::/system.slice\n';

/** A directory like /proc, a way to put processes into it, and a table of them whose time stands still. */
function node(context: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'ut-proc-'));
  context.after(() => rmSync(path, { recursive: true }));
  let now = 1000;
  context.mock.method(performance, 'now', () => now);
  return {
    path,
    table: new ProcessTable(path),
    wait: (milliseconds: number) => void (now += milliseconds),
    put: (pid: number, cgroup: string) => {
      mkdirSync(join(path, `${pid}`), { recursive: true });
      writeFileSync(join(path, `${pid}`, 'cgroup'), cgroup);
    },
    end: (pid: number) => rmSync(join(path, `${pid}`), { recursive: true }),
  };
}

test('a process that has come since is found at once, and one of a pod is read once', (t) => {
  const { table, put } = node(t);
  put(7, IN_POD);
  table.all();
  put(30, IN_POD);
  assert.deepEqual(table.all().get(UID), [7, 30]);
  for (let times = 0; times < 5; times += 1) table.all();
  assert.equal(table.reads, 2);
  assert.equal(table.size, 2);
});

test('a process that is put into its pod after it was first seen is found all the same', (t) => {
  const { table, put, wait } = node(t);
  table.all();
  put(30, '0::/system.slice/containerd\n');
  assert.equal(table.all().get(UID), undefined);
  put(30, IN_POD);
  assert.deepEqual(table.all().get(UID), [30]);
  put(31, ELSEWHERE);
  for (let waited = 0; waited < 5000; waited += 1000) {
    table.all();
    wait(1000);
  }
  put(31, IN_POD);
  wait(5000);
  assert.deepEqual(table.all().get(UID), [30, 31], 'when it has become twice as old');
});

test('while the kernel has given out no number, the processes are not listed', (t) => {
  const { path, table, put, wait } = node(t);
  const loadavg = (newest: number) =>
    writeFileSync(join(path, 'loadavg'), `0.50 0.40 0.30 2/5097 ${newest}\n`);
  loadavg(7);
  put(7, IN_POD);
  table.all();
  put(8, IN_POD);
  assert.deepEqual(table.all().get(UID), [7]);
  loadavg(8);
  assert.deepEqual(table.all().get(UID), [7, 8]);
  put(9, IN_POD);
  wait(10_000);
  assert.deepEqual(
    table.all().get(UID),
    [7, 8, 9],
    'but not for long, even if no number was given out',
  );
});

test('one that has gone is no process any more, whoever has its number then', (t) => {
  const { table, put, end } = node(t);
  put(7, IN_POD);
  put(8, IN_POD);
  table.all();
  end(7);
  assert.deepEqual(table.all().get(UID), [8]);
  put(7, ELSEWHERE);
  assert.deepEqual(table.all().get(UID), [8]);
});

test('a number that became another process’s in between is noticed', (t) => {
  const { table, put, wait } = node(t);
  for (let pid = 1; pid <= 250; pid += 1) put(pid, ELSEWHERE);
  put(300, IN_POD);
  table.all();
  wait(3_600_000);
  table.all();
  put(300, ELSEWHERE);
  for (let times = 0; times < 3; times += 1) {
    wait(3_600_000);
    table.all();
  }
  assert.equal(table.all().get(UID), undefined);
});

test('a process that was there before the agent, and is put into its pod then, is found', (t) => {
  const { table, put, wait } = node(t);
  put(30, ELSEWHERE);
  table.all();
  put(30, IN_POD);
  wait(15_000);
  assert.deepEqual(table.all().get(UID), [30]);
});

test('of processes that have been there for long few are read at once', (t) => {
  const { table, put, wait } = node(t);
  for (let pid = 1; pid <= 1000; pid += 1) put(pid, ELSEWHERE);
  table.all();
  for (let second = 0; second < 600; second += 1) {
    wait(1000);
    table.all();
  }
  const before = table.reads;
  for (let times = 0; times < 200; times += 1) {
    wait(1000);
    table.all();
  }
  assert.ok(table.reads - before <= 200 * 50, `${table.reads - before}`);
  assert.ok(table.reads - before >= 3 * 1000, 'each of them once a minute, all the same');
});
