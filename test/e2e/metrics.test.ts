import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../daemon/exposition.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod, SOURCE } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { ip, kill, sh } from '../lab/shell.ts';

const PASSWORD = 'a-very-secret-password';
const ENVIRONMENT = {
  INTERVAL: '5s',
  FLOW_METRICS: 'namespace',
  PEERS_PER_POD: '9',
  INFLUX_USERNAME: 'nstats',
  INFLUX_PASSWORD: PASSWORD,
};
/** An address for each kind of peer that has one. */
const ADDRESSES = {
  pod: '10.244.0.11',
  service: '10.96.0.11',
  external: '198.51.100.7',
  node: '10.244.0.1',
  // Out of the pods' range, and no pod's.
  unknown: '10.244.0.99',
} as const;
/** What stands in for an iftop that takes its time to start, and then cannot be read. */
const BABBLE = `#!/bin/sh
sleep 3
echo 'Listening on eth0'
while echo 'babble'; do echo ============================== ; sleep 2; done
`;

const BY = { iftop: 'by iftop', bpf: 'in the kernel' };

const started = Date.now() / 1000;
let lab: Lab;
let daemon: Daemon;
let web: Pod;

before(async () => {
  lab = await createLab();
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const db = await lab.pod({ namespace: 'data', name: 'db', ips: [ADDRESSES.pod] });
  const outside = await lab.outside([ADDRESSES.external]);
  await db.serve(80);
  await outside.serve(80);
  lab.service({
    namespace: 'data',
    name: 'db',
    ips: [ADDRESSES.service],
    port: 80,
    backends: [ADDRESSES.pod],
  });
  // What is sent there goes nowhere, without an answer.
  ip(['route replace blackhole 198.18.0.0/15']);
  daemon = lab.daemon(ENVIRONMENT);
  await lab.captures(2);
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

test('captures, names and CPU time have metrics before any window is over', async () => {
  await reach((of) => of('sessions{state="running"}') === 2, 'two captures');
  const of = await scrape();
  assert.equal(of('pods'), 2);
  for (const state of ['waiting', 'starting', 'overloaded', 'paused'])
    assert.equal(of(`sessions{state="${state}"}`), 0);
  await reach((of) => of('directory_objects{kind="pod"}') === 2, 'the directory');
  for (const kind of ['service', 'node'])
    await reach((of) => of(`directory_objects{kind="${kind}"}`) === 1, kind);
  await reach((of) => of('resource_followed{resource="local_pods"}') === 1, 'the pods of the node');
  assert.ok(of('start_time_seconds') > started && of('start_time_seconds') < Date.now() / 1000);
  const work = ['cpu_seconds_total{process="daemon"}', 'event_loop_active_seconds_total'];
  for (const name of work) {
    assert.ok(of(name) > 0);
    await reach((now) => now(name) > of(name), `more of ${name}`);
  }
  assert.ok(of('memory_bytes{process="daemon"}') > 10_000_000);
  assert.ok(of(`memory_bytes{process="${SOURCE}"}`) > 100_000);
  assert.ok(of('api_requests_total') > 0 && of('api_received_bytes_total') > 0);
});

/** Bytes sent from the namespace `shop`. */
const flow = (kind: string, namespace: string) =>
  `flow_bytes_total{namespace="shop",peer_kind="${kind}",peer_namespace="${namespace}",direction="sent"}`;

/** Bytes sent to a kind of peer. */
const sent = (kind: string) => `attributed_bytes_total{peer_kind="${kind}",direction="sent"}`;

test('traffic is counted by kind, direction and namespace, and costs what captures CPU time', async () => {
  const before = await scrape();
  const { pod, service, external, node, unknown } = ADDRESSES;
  const clients = [pod, service, external].map((to) => web.traffic('send', to, 80, 200_000));
  // Nobody listens there, nor at the many addresses of which only some have rows of their own.
  clients.push(web.traffic('spray', 9, 400_000, node, unknown));
  clients.push(web.traffic('sweep', 1500, 3000));
  for (const kind of [...Object.keys(ADDRESSES), 'other'])
    await reach((of) => of(sent(kind)) > before(sent(kind)) + 100_000, `bytes to ${kind}`);
  await reach((of) => of(flow('pod', 'data')) > 100_000, 'bytes between pods');
  await reach((of) => of(flow('external', '-')) > 100_000, 'bytes to the outside');
  const cpu = `cpu_seconds_total{process="${SOURCE}"}`;
  // In a minute the helper of bpf may take less than a tick of the kernel's clock.
  const least = SOURCE === 'iftop' ? Number.MIN_VALUE : 0;
  await reach((of) => of(cpu) - before(cpu) >= least, 'CPU time of what captures');
  for (const client of clients) await kill(client, 'SIGKILL');
  if (SOURCE === 'iftop') await reach((of) => of('iftop_reports_total') > 2, 'reports');
  await reach((of) => of('rows_total{outcome="written"}') > 2, 'rows');
  const of = await scrape();
  assert.ok(of('attributed_bytes_total{peer_kind="pod",direction="received"}') > 100_000);
  assert.ok(of('kernel_bytes_total{direction="sent"}') > 200_000);
  assert.ok(of('kernel_bytes_total{direction="received"}') > 100_000);
  assert.ok(of('windows_total') > 0 && of('series') > 2);
  assert.ok(Math.abs(of('last_window_timestamp_seconds') - Date.now() / 1000) < 30);
});

// Before any capture is killed.
test('the startup report is one line of the log', async () => {
  await until(() => daemon.said('startup report').length > 0, 'the report');
  const said = daemon.said('startup report');
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(
    said[0] ?? '',
    new RegExp(
      `"good":\\["(1 capture runs|2 captures run) for 2 pods, ${BY[SOURCE]}","pods: followed",`,
    ),
  );
});

if (SOURCE === 'bpf')
  test('a helper that is killed is counted as restarted, with all that it counted for', async () => {
    const before = await scrape();
    const [helper] = processesNamed('nstats-bpf');
    process.kill(helper?.pid ?? NaN, 'SIGKILL');
    for (const [restarts, count] of [
      ['helper_restarts_total', 1],
      ['session_restarts_total', 2],
    ] as const)
      await reach((of) => of(restarts) >= before(restarts) + count, restarts);
    await reach((of) => of('sessions{state="running"}') === 2, 'two captures again');
  });
else
  test('an iftop that is killed is counted as restarted, a slow one as starting, and lines that are none as unparsed', async () => {
    const before = await scrape();
    const iftop = sh('sh', ['-c', 'command -v iftop']).trim();
    const babble = join(lab.directory, 'iftop');
    writeFileSync(babble, BABBLE, { mode: 0o755 });
    sh('chmod', ['755', lab.directory]);
    // In the lab's own mount namespace.
    sh('mount', ['--bind', babble, iftop]);
    const [first] = processesNamed('iftop');
    process.kill(first?.pid ?? NaN, 'SIGKILL');
    const restarts = 'session_restarts_total';
    await reach((of) => of(restarts) > before(restarts), 'the restart');
    await reach((of) => of('sessions{state="starting"}') === 1, 'a capture that is being started');
    await reach((of) => of('sessions{state="running"}') === 2, 'two captures again');
    const unparsed = 'unparsed_lines_total';
    await reach((of) => of(unparsed) > before(unparsed), 'lines that cannot be read');
    // It is still being run.
    sh('umount', ['--lazy', iftop]);
  });

test('without the API server nothing is followed, windows are late, and a denied resource has a metric', async () => {
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
  for (const figure of ['api_requests_total', 'api_received_bytes_total'])
    assert.ok(of(figure) > before(figure), figure);
  assert.equal(of('stale_bytes_total'), 0);
  assert.ok(of('resource_last_event_timestamp_seconds{resource="nodes"}') > 0);
});

test('the text is valid, has no series twice, and no secret', async () => {
  const said = await text();
  assert.ok(parse(said).types.size > 30);
  for (const secret of [PASSWORD, 'lab-token', lab.influx.url]) assert.ok(!said.includes(secret));
});
