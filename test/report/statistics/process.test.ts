import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { exposition } from '../../../daemon/http/metrics/exposition.ts';
import { processes } from '../../../lib/report/statistics/process.ts';
import { CpuTime } from '../../../lib/linux/cpu-time.ts';
import { until } from '../../lab/influx.ts';
import { agent } from '../../daemon/agent.ts';
import { parse } from '../../daemon/exposition.ts';

const MIB = 1024 * 1024;

/** The metrics of this process, and of children that stand for iftops. */
function metricsOf(children: number[] = []) {
  const cpu = new CpuTime('/proc', () => children);
  const text = exposition(processes, {
    proc: '/proc',
    cpu,
    capture: { source: 'iftop', processes: children },
  });
  return async (name: string) => parse(await text.metrics()).values.get(`nstats_${name}`) ?? NaN;
}

/** Works for so many seconds of CPU time. */
function work(seconds: number): void {
  const start = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  while (used() < seconds);
}

test('work is CPU time of the daemon, and time in which its event loop was active', async () => {
  // Before its first turn the event loop has no times.
  await setImmediate();
  const of = metricsOf();
  const names = ['cpu_seconds_total{process="daemon"}', 'event_loop_active_seconds_total'];
  for (const name of names) {
    const before = await of(name);
    work(0.1);
    // The kernel counts hundredths of a second.
    assert.ok((await of(name)) - before >= 0.08, name);
  }
});

test('what the daemon holds is its memory', async () => {
  const of = metricsOf();
  const before = await of('memory_bytes{process="daemon"}');
  const held = Buffer.alloc(128 * MIB, 1);
  assert.ok((await of('memory_bytes{process="daemon"}')) - before > 64 * MIB);
  assert.equal(held[0], 1);
});

test('a child that works is CPU time and memory of iftop, and when it has ended its time stays', async (t) => {
  const child = spawn('sh', ['-c', 'while :; do :; done']);
  t.after(() => child.kill('SIGKILL'));
  const children = [child.pid ?? 0];
  const of = metricsOf(children);
  const cpu = 'cpu_seconds_total{process="iftop"}';
  const before = await of(cpu);
  await until(async () => (await of(cpu)) > before + 0.05, 'CPU time of the child');
  assert.ok((await of('memory_bytes{process="iftop"}')) > 10_000);
  children.pop();
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await of('memory_bytes{process="iftop"}'), 0);
  assert.ok((await of(cpu)) > before + 0.05);
});

test('a pod without a namespace waits if it has an address, and is pending if it has none', async (t) => {
  const { capture, scrape } = agent();
  t.after(() => capture.stop());
  const local = { namespace: 'a', name: 'b', workload: '-', ips: [] };
  capture.pods.put({ ...local, uid: 'nobody', cgroupUid: 'nobody' }, false);
  const ips = ['10.244.0.10'];
  capture.pods.put({ ...local, ips, uid: 'somebody', cgroupUid: 'somebody' }, false);
  const values = await scrape();
  assert.equal(values.get('nstats_pods'), 2);
  for (const state of ['pending', 'waiting'])
    assert.equal(values.get(`nstats_sessions{state="${state}"}`), 1);
  for (const state of ['starting', 'running', 'overloaded', 'paused', 'unavailable'])
    assert.equal(values.get(`nstats_sessions{state="${state}"}`), 0);
});
