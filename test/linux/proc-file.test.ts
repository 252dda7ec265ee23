import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { openCounters, parseNetDev } from '../../lib/linux/interface-counters.ts';
import { ProcFile } from '../../lib/linux/proc-file.ts';
import { parseStat } from '../../lib/linux/process-stat.ts';
import { ProcTree } from './recordings.ts';

test('each time it is read it is as it is then, until its process has gone', async () => {
  const child = spawn('sh', [
    '-c',
    'while read -r line; do i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; done',
  ]);
  const stat = ProcFile.open(`/proc/${child.pid}/stat`);
  const cpu = () => parseStat(stat?.read() ?? '')?.cpu ?? NaN;
  const before = cpu();
  child.stdin.write('\n');
  await once(child.stdout, 'data');
  assert.ok(cpu() > before, `${cpu()} s after ${before} s`);
  child.stdin.end();
  await once(child, 'exit');
  assert.equal(stat?.read(), undefined);
  stat?.close();
});

test('one that is longer than what is read at once is read to its end', (t) => {
  const tree = new ProcTree(t);
  const text = Array.from({ length: 1000 }, (_, line) => `line ${line}\n`).join('');
  tree.add(10, 'own', { net_dev: text });
  const file = ProcFile.open(`${tree.path}/10/net/dev`);
  assert.equal(file?.read(), text);
  assert.equal(file?.read(), text);
  file?.close();
});

test('names in it that are not ASCII are read as they are written', (t) => {
  const tree = new ProcTree(t);
  const text = '   é0: 5 1 0 0 0 0 0 0 7 2 0 0 0 0 0 0\n'.repeat(50);
  tree.add(10, 'own', { net_dev: text });
  const file = ProcFile.open(`${tree.path}/10/net/dev`);
  assert.equal(parseNetDev(file?.read() ?? '', 'é0')?.sentBytes, 7);
  assert.equal(file?.read(), text);
  file?.close();
});

test('one that is not there is not opened', () => {
  assert.equal(ProcFile.open('/proc/self/nothing'), undefined);
});

test('counters are opened only through a process that is in the namespace', (t) => {
  const tree = new ProcTree(t);
  const line = '  eth0: 5 1 0 0 0 0 0 0 7 2 0 0 0 0 0 0\n';
  tree.add(10, 'own', { net_dev: line });
  const opened = openCounters(tree.path, { inode: tree.inode('own'), pid: 10 });
  const counters = { receivedBytes: 5, receivedPackets: 1, sentBytes: 7, sentPackets: 2 };
  assert.deepEqual(parseNetDev(opened?.read() ?? '', 'eth0'), counters);
  opened?.close();
  tree.add(11, 'other', { net_dev: line });
  assert.equal(openCounters(tree.path, { inode: tree.inode('own'), pid: 11 }), undefined);
  assert.equal(openCounters(tree.path, { inode: tree.inode('own'), pid: 12 }), undefined);
});
