import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CpuTime } from '../../lib/linux/cpu-time.ts';
import { procWith } from './recordings.ts';

/** A directory like /proc with these `stat` files. */
function proc(context: TestContext, stats: { [pid: string]: string }): string {
  const files = Object.entries(stats).map(([pid, text]) => [`${pid}/stat`, text]);
  return procWith(context, Object.fromEntries(files));
}

/** proc(5): utime, stime, cutime and cstime are fields 14 to 17, rss is field 24. */
function stat(command: string, times: readonly number[], pages: number): string {
  return `7 (${command}) S 1 7 7 0 -1 4194560 9 8 0 0 ${times.join(' ')} 20 0 1 0 5 6291456 ${pages} 18446744073709551615\n`;
}

test('the daemon’s own time is told apart from that of the children, living and waited for', (t) => {
  const path = proc(t, {
    self: stat('node', [100, 50, 25, 25], 1000),
    11: stat('iftop', [10, 10, 0, 0], 500),
    12: stat('iftop', [5, 0, 7, 7], 500),
  });
  const living = new Map([
    [11, 0.2],
    [12, 0.05],
  ]);
  assert.deepEqual(new CpuTime(path, () => [11, 12]).read(), {
    daemon: 1.5,
    captures: 0.75,
    living,
  });
});

test('a child that has ended and is not waited for yet takes nothing away', (t) => {
  const path = proc(t, {
    self: stat('node', [100, 0, 20, 0], 1000),
    11: stat('iftop', [30, 0, 0, 0], 500),
  });
  const children = [11];
  const cpu = new CpuTime(path, () => children);
  assert.equal(cpu.read().captures, 0.5);
  children.pop();
  assert.equal(cpu.read().captures, 0.5);
  writeFileSync(join(path, 'self', 'stat'), stat('node', [100, 0, 20, 40], 1000));
  assert.equal(cpu.read().captures, 0.6);
});

test('a command may be called anything', (t) => {
  const path = proc(t, { self: stat('a) b (c 1 2 3', [100, 0, 0, 0], 10) });
  assert.equal(new CpuTime(path, () => []).read().daemon, 1);
});

test('a child has a time of its own, and none when there is no such process', (t) => {
  const path = proc(t, { self: stat('node', [100, 0, 0, 0], 10), 11: stat('a', [30, 0, 0, 0], 5) });
  const cpu = new CpuTime(path, () => [11]);
  assert.equal(cpu.of(11), 0.3);
  assert.equal(cpu.of(99), undefined);
  writeFileSync(join(path, '11', 'stat'), stat('iftop', [40, 0, 0, 0], 5));
  assert.equal(cpu.of(11), 0.4);
});

test('a child that has gone costs nothing', (t) => {
  const path = proc(t, { self: stat('node', [100, 0, 0, 0], 10) });
  const nothing = { daemon: 1, captures: 0, living: new Map() };
  assert.deepEqual(new CpuTime(path, () => [99]).read(), nothing);
});

test('on this machine this process uses CPU time', () => {
  const { daemon } = new CpuTime('/proc', () => []).read();
  assert.ok(daemon > 0 && daemon < 3600, `${daemon}`);
});
