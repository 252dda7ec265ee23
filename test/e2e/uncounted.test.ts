import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertClose, MISSING, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Seconds after which a capture has reported what passed before. */
const SETTLED = 8;

let lab: Lab;
let daemon: Daemon;
/** Its interface does not count what it receives. */
let deaf: Pod;
let rows: Row[];
/** What the pod was sent while it was idle itself, and since when (seconds since 1970) it was. */
let spray: { readonly bytes: number; readonly since: number };
let metrics: string;

before(async () => {
  lab = await createLab();
  deaf = await lab.pod({
    namespace: 'lab',
    name: 'deaf',
    ips: ['10.244.0.10', 'fd00:10:244::10'],
    redirected: true,
  });
  const peer = await lab.pod({ namespace: 'lab', name: 'peer', ips: ['10.244.0.11'] });
  await deaf.serve(8080);
  await peer.serve(8080);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(2);
  const traffic = [
    deaf.traffic('send', '10.244.0.11', 8080, 300_000),
    peer.traffic('send', '10.244.0.10', 8080, 2_000_000),
  ];
  // Two whole windows at least.
  await sleep(18_000);
  for (const each of traffic) await kill(each, 'SIGKILL');
  const idle = Date.now() / 1000;
  await sleep(SETTLED * 1000);
  // The counters do not move, and iftop's clock does not either once a burst is over.
  const before = peer.sandbox.passed().sent;
  for (let burst = 0; burst < 2; burst += 1) {
    const short = peer.traffic('spray', 8080, 400_000, '10.244.0.10');
    await sleep(1500);
    await kill(short, 'SIGKILL');
    await sleep(8000);
  }
  spray = { bytes: peer.sandbox.passed().sent - before, since: idle + SETTLED };
  metrics = await (await fetch('http://127.0.0.1:9790/metrics')).text();
  await kill(daemon.process, 'SIGTERM');
  rows = await lab.influx.query("SELECT * FROM nstat_pod WHERE pod = 'deaf'");
});

after(() => lab.end());

test('the pod’s counters stand still: the case is there', () => {
  const { receivedPackets, sentPackets } = deaf.sandbox.counters();
  assert.ok(receivedPackets < 100 && sentPackets > 1000, `${receivedPackets}, ${sentPackets}`);
});

test('its totals are what was captured, in every window, and what it sent is by its counters', () => {
  for (const row of rows) {
    const [bytes, attributed, uncounted] = [
      'receivedBytes',
      'receivedAttributed',
      'receivedUncounted',
    ].map((field) => Number(row[field]));
    assert.equal(bytes, attributed);
    assert.ok(Number(uncounted) <= Number(bytes));
    assert.equal(row['sentUncounted'], 0);
  }
  assert.ok(sum(rows, 'receivedUncounted') > 0.99 * sum(rows, 'receivedBytes'));
  assertClose(sum(rows, 'sentBytes'), deaf.sandbox.passed().sent, 0.01);
});

test('windows have their parts of what came evenly, although no counter says which', (t: TestContext) => {
  const busy = rows.map((row) => Number(row['receivedBytes'])).filter((bytes) => bytes > 8_000_000);
  t.diagnostic(rows.map((row) => row['receivedBytes']).join(' '));
  assert.ok(busy.length >= 2);
  for (const bytes of busy) assert.ok(bytes < 16_000_000, `${bytes}`);
});

test('bursts to a pod that is idle itself are captured all the same, but for rounding', (t: TestContext) => {
  const later = rows.filter(({ time }) => time > spray.since);
  t.diagnostic(`${sum(later, 'receivedAttributed')} of ${spray.bytes} bytes seen`);
  assertClose(sum(later, 'receivedAttributed'), spray.bytes, 0.01);
});

test('kernel and uncounted bytes are attributed and missing ones, of the pod and of the node', async () => {
  for (const row of rows) {
    const counted = sum([row], 'sentBytes', 'receivedBytes');
    const surplus = Math.max(0, sum([row], 'sentAttributed') - sum([row], 'sentBytes'));
    assert.equal(counted + surplus, sum([row], 'sentAttributed', 'receivedAttributed', ...MISSING));
  }
  const agents = await lab.influx.query('SELECT * FROM nstat_agent');
  assert.equal(sum(agents, 'uncountedBytes'), sum(rows, 'receivedUncounted'));
  assert.ok(agents.some((row) => row['podsUncounted'] === 1));
  const all = await lab.influx.query('SELECT * FROM nstat_pod');
  assert.equal(
    sum(agents, 'kernelBytes', 'uncountedBytes'),
    sum(all, 'sentBytes', 'receivedBytes'),
  );
});

test('the metrics and one line of the log say it', () => {
  const [, received] =
    /^nstats_uncounted_bytes_total\{direction="received"\} (\d+)$/m.exec(metrics) ?? [];
  assert.ok(Number(received) > 25_000_000, String(received));
  assert.match(metrics, /^nstats_uncounted_bytes_total\{direction="sent"\} 0$/m);
  const said = daemon.said('do not have all that was captured');
  assert.equal(said.length, 1, said.join('\n'));
  const { level, pods, podsSeen, fix } = JSON.parse(said[0] ?? '{}') as { [key: string]: unknown };
  assert.deepEqual([level, pods, podsSeen], ['warn', 1, 2]);
  assert.match(String(fix), /newer kernel/);
});
