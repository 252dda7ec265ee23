import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../daemon/exposition.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill, sh } from '../lab/shell.ts';

const PASSWORD = 'a-very-secret-password';
/** What stands in for an iftop that cannot be read. */
const BABBLE = `#!/bin/sh
echo 'Listening on eth0'
while echo 'babble'; do echo ============================== ; sleep 2; done
`;

let lab: Lab;
let daemon: Daemon;
let web: Pod;

before(async () => {
  lab = await createLab();
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const db = await lab.pod({ namespace: 'data', name: 'db', ips: ['10.244.0.11'] });
  const outside = await lab.outside(['198.51.100.7']);
  await db.serve(80);
  await outside.serve(80);
  daemon = lab.daemon({
    INTERVAL: '5s',
    FLOW_METRICS: 'namespace',
    INFLUX_USERNAME: 'nstats',
    INFLUX_PASSWORD: PASSWORD,
  });
  await until(() => processesNamed('iftop').length === 2, 'the captures');
});

after(async () => {
  await kill(daemon.process, 'SIGTERM');
  await lab.end();
});

async function text(): Promise<string> {
  return (await fetch('http://127.0.0.1:9790/metrics')).text();
}

async function scrape(): Promise<(name: string) => number> {
  const { values } = parse(await text());
  return (name) => values.get(`nstats_${name}`) ?? NaN;
}

/** Waits until a condition holds for the metrics. */
async function reach(condition: (of: (name: string) => number) => boolean, what: string) {
  await until(async () => condition(await scrape()), what, 45);
}

test('captures, names and costs are told before any window is over', async () => {
  await reach((of) => of('sessions{state="running"}') === 2, 'two captures');
  const of = await scrape();
  assert.equal(of('pods'), 2);
  for (const state of ['waiting', 'starting', 'overloaded'])
    assert.equal(of(`sessions{state="${state}"}`), 0);
  await reach((of) => of('directory_objects{kind="pod"}') === 2, 'the directory');
  await reach((of) => of('resource_followed{resource="local_pods"}') === 1, 'the pods of the node');
  assert.ok(of('cpu_seconds_total{process="daemon"}') > 0);
  assert.ok(of('memory_bytes{process="daemon"}') > 10_000_000);
  assert.ok(of('memory_bytes{process="iftop"}') > 100_000);
  assert.ok(of('api_requests_total') > 0 && of('api_received_bytes_total') > 0);
});

/** Bytes sent from the namespace `shop`. */
const flow = (kind: string, namespace: string) =>
  `flow_bytes_total{namespace="shop",peer_kind="${kind}",peer_namespace="${namespace}",direction="sent"}`;

test('traffic is counted by kind, direction and namespace', async () => {
  const clients = ['10.244.0.11', '198.51.100.7'].map((to) => web.traffic('send', to, 80, 200_000));
  await reach((of) => of(flow('pod', 'data')) > 100_000, 'bytes between pods');
  await reach((of) => of(flow('external', '-')) > 100_000, 'bytes to the outside');
  for (const client of clients) await kill(client, 'SIGKILL');
  await reach((of) => of('frames_total') > 2 && of('rows_total{outcome="written"}') > 2, 'rows');
  const of = await scrape();
  for (const kind of ['pod', 'external'])
    assert.ok(of(`attributed_bytes_total{peer_kind="${kind}",direction="sent"}`) > 100_000);
  assert.ok(of('attributed_bytes_total{peer_kind="pod",direction="received"}') > 100_000);
  assert.ok(of('kernel_bytes_total{direction="sent"}') > 200_000);
  assert.ok(of('windows_total') > 0 && of('series') > 2);
  assert.ok(Math.abs(of('last_window_timestamp_seconds') - Date.now() / 1000) < 30);
});

test('an iftop that is killed or babbles is a restart, and lines that cannot be read', async () => {
  const before = await scrape();
  const iftop = sh('sh', ['-c', 'command -v iftop']).trim();
  const babble = join(lab.directory, 'iftop');
  writeFileSync(babble, BABBLE, { mode: 0o755 });
  sh('chmod', ['755', lab.directory]);
  // In the lab's own mount namespace.
  sh('mount', ['--bind', babble, iftop]);
  const [first] = processesNamed('iftop');
  process.kill(first?.pid ?? NaN, 'SIGKILL');
  await reach((of) => of('session_restarts_total') > 0, 'the restart');
  await reach((of) => of('unparsed_lines_total') > 0, 'lines that cannot be read');
  // It is still being run.
  sh('umount', ['--lazy', iftop]);
  const of = await scrape();
  assert.ok(
    of('cpu_seconds_total{process="iftop"}') >= before('cpu_seconds_total{process="iftop"}'),
  );
});

const looks = () => daemon.log.filter((line) => line.includes('a first look'));

test('the log has a first look: what is there in one line', async () => {
  await until(() => looks().length > 0, 'the look');
  const said = looks();
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0] ?? '', /"good":\["2 captures run for 2 pods","pods: followed",/);
});

test('without InfluxDB rows wait: how many bytes, since when, and how often it was tried', async () => {
  await lab.influx.stop();
  await reach((of) => of('write_retries_total') > 0 && of('spool_bytes') > 0, 'rows that wait');
  const of = await scrape();
  assert.ok(of('spool_oldest_window_timestamp_seconds') > Date.now() / 1000 - 30);
  assert.equal(of('spool_degraded'), 0);
  await lab.influx.start();
  await reach((of) => of('spool_bytes') === 0, 'delivery');
  assert.ok(Number.isNaN((await scrape())('spool_oldest_window_timestamp_seconds')));
});

test('without the API server nothing is followed, windows are late, and what is denied is told', async () => {
  lab.denied.add('services');
  await lab.api.down();
  await reach((of) => of('resource_followed{resource="pods"}') === 0, 'pods not followed');
  await reach((of) => of('api_restarts_total{resource="pods"}') > 0, 'another try');
  const before = await scrape();
  await sleep(6000);
  await lab.api.up();
  await reach((of) => of('resource_followed{resource="pods"}') === 1, 'pods followed again');
  await reach((of) => of('resource_denied{resource="services"}') === 1, 'services denied');
  const late = 'windows_late_total';
  await reach((of) => of(late) > before(late), 'a late window');
  const of = await scrape();
  const last = 'last_window_timestamp_seconds';
  assert.ok(of(last) > before(last));
  assert.equal(of('stale_bytes_total'), 0);
  assert.ok(of('resource_last_event_timestamp_seconds{resource="nodes"}') > 0);
});

test('a row that InfluxDB refuses is told as such', async () => {
  await lab.influx.query('DROP MEASUREMENT nstat_agent');
  const { url, database } = lab.influx;
  const body = 'nstat_agent,node=other podsSeen="a string"';
  const answer = await fetch(`${url}/write?db=${database}`, { method: 'POST', body });
  assert.equal(answer.status, 204);
  await reach((of) => of('rows_total{outcome="refused"}') > 0, 'a refused row');
});

test('the text is valid, has no series twice, and no secret', async () => {
  const said = await text();
  assert.ok(parse(said).types.size > 30);
  for (const secret of [PASSWORD, 'lab-token', lab.influx.url]) assert.ok(!said.includes(secret));
});
