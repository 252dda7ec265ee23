import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { node, pod } from '../lab/apiserver/objects.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** An address of another node, which pods have one after the other. */
const FAR = '10.244.1.5';
const INTERVAL = 5;

let lab: Lab;
let web: Pod;

before(async () => {
  lab = await createLab();
  lab.api.store.put('nodes', node({ name: 'lab-2', addresses: ['192.0.2.20'], zone: 'zone-b' }));
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  const outside = await lab.outside([FAR, '192.0.2.20']);
  await outside.serve(80);
});

after(() => lab.end());

/** Gives the far address to a pod of this name. */
function giveTo(name: string): void {
  const object = pod({ namespace: 'data', name, nodeName: 'lab-2', ips: [FAR] });
  const containerStatuses = [{ state: { running: { startedAt: now() } } }];
  const status = { ...object.status, startTime: now(), containerStatuses };
  lab.api.store.put('pods', { ...object, status });
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z/, 'Z');
}

/** Sends to the far address for some seconds; resolves to the bytes that the kernel counted. */
async function send(seconds: number): Promise<number> {
  const before = web.sandbox.passed().sent;
  const client = web.traffic('send', FAR, 80, 200_000);
  await sleep(seconds * 1000);
  await kill(client, 'SIGKILL');
  // What its socket still holds is sent by then.
  await sleep(300);
  return web.sandbox.passed().sent - before;
}

test('an address that changes hands while the API server is dead never has a wrong name', async (t) => {
  giveTo('first');
  const daemon = lab.daemon({ INTERVAL: `${INTERVAL}s` });
  await lab.captures(1);
  await sleep(1500);
  const first = await send(7);
  await lab.api.down();
  lab.api.store.remove('pods', 'first', 'data');
  await sleep(1000);
  giveTo('second');
  const second = await send(12);
  await lab.api.up();
  const third = await send(7);
  const late = () => lab.influx.query("SELECT * FROM nstat WHERE peer = 'second'");
  await until(async () => sum(await late(), 'sentBytes') > third, 'names of the windows held', 60);
  await sleep(9000);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);

  const rows = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web'");
  const named = (peer: string) =>
    sum(
      rows.filter((row) => row['peer'] === peer),
      'sentBytes',
    );
  const unknown = sum(
    rows.filter((row) => row['peer_kind'] === 'unknown'),
    'sentBytes',
  );
  t.diagnostic(`sent ${first}, ${second + third}; named ${named('first')}, ${named('second')}`);
  assert.ok(named('first') > 0 && named('first') <= first * 1.001);
  assert.ok(named('second') > 0 && named('second') <= (second + third) * 1.001);
  const all = first + second + third;
  const apart = (named('first') + named('second') + unknown - all) / all;
  assert.ok(Math.abs(apart) < 0.01, `all is in rows but ${apart}`);
  // The windows of the outage were held, and each is there.
  const pods = await lab.influx.query("SELECT sentBytes FROM nstat_pod WHERE pod = 'web'");
  const ends = pods.map(({ time }) => Date.parse(String(time)) / 1000).sort((a, b) => a - b);
  const [start = 0] = ends;
  const expected = Array.from({ length: 5 }, (_, index) => start + index * INTERVAL);
  assert.deepEqual(ends.slice(0, 5), expected);
  const agent = await lab.influx.query('SELECT staleBytes, apiRestarts FROM nstat_agent');
  assert.equal(sum(agent, 'staleBytes'), 0);
  assert.ok(sum(agent, 'apiRestarts') > 0);
});

test('what passes while the API server cannot be reached at start is named when it can', async () => {
  lab.api.store.remove('pods', 'second', 'data');
  giveTo('third');
  await lab.api.down();
  const daemon = lab.daemon({ INTERVAL: `${INTERVAL}s`, LISTEN: '127.0.0.1:9791' });
  await lab.captures(2);
  await sleep(1500);
  const sent = await send(8);
  const ready = await fetch('http://127.0.0.1:9791/readyz');
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /pods of lab-1: not listed yet/);
  assert.ok(daemon.said('the API server cannot be followed').length > 0);
  const names = () => lab.influx.query("SELECT * FROM nstat WHERE pod = 'web' AND peer = 'third'");
  assert.equal((await names()).length, 0, 'nothing is written without a name');
  await lab.api.up();
  await until(
    async () => sum(await names(), 'sentBytes') > sent * 0.99,
    'the rows of the past',
    60,
  );
  assert.ok(sum(await names(), 'sentBytes') <= sent * 1.001);
  await until(async () => (await fetch('http://127.0.0.1:9791/readyz')).ok, 'readiness');
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
});

test('the objects that may not be listed have no names, and all others have', async () => {
  giveTo('third');
  lab.denied.add('services').add('nodes');
  const daemon = lab.daemon({ INTERVAL: `${INTERVAL}s`, LISTEN: '127.0.0.1:9792' });
  const denied = (kind: string) =>
    daemon
      .said('may not list and watch them')
      .some((line) => line.includes(`"resource":"${kind}"`));
  await until(() => ['services', 'nodes'].every(denied), 'warnings');
  await lab.captures(1);
  let ready = '';
  await until(async () => {
    const answer = await fetch('http://127.0.0.1:9792/readyz');
    ready = await answer.text();
    return answer.ok;
  }, 'readiness');
  assert.match(ready, /services: the service account may not list/);
  await sleep(1500);
  const since = (await lab.influx.query('SELECT last(rssBytes) FROM nstat_agent'))[0]?.time ?? 0;
  const sent = await send(6);
  web.traffic('spray', 9999, 20_000, '192.0.2.20');
  await sleep(6000);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  const where = `WHERE time > ${since}s`;
  const rows = await lab.influx.query(`SELECT * FROM nstat ${where} AND pod = 'web'`);
  const third = rows.filter(({ peer }) => peer === 'third');
  assert.ok(sum(third, 'sentBytes') > sent * 0.99);
  assert.ok(third.every((row) => row['peer_zone'] === '-' && row['zone'] === '-'));
  assert.ok(
    rows.some((row) => row['peer'] === '192.0.2.0/24'),
    'a node that is not known',
  );
  const agent = await lab.influx.query(`SELECT deniedResources FROM nstat_agent ${where}`);
  assert.equal(agent.at(-1)?.['deniedResources'], 2);
});

test('without any right nothing is observed, the log says so, and the agent is not ready', async () => {
  const kinds = ['pods', 'services', 'nodes', 'namespaces'];
  for (const kind of kinds) lab.denied.add(kind);
  const daemon = lab.daemon({ INTERVAL: `${INTERVAL}s`, LISTEN: '127.0.0.1:9793' });
  const denied = 'may not list and watch them, so nothing is observed';
  await until(() => daemon.said(denied).length > 0, 'the warning');
  await until(() => daemon.said('"window closed"').length > 0, 'a window');
  const ready = await fetch('http://127.0.0.1:9793/readyz');
  assert.equal(ready.status, 503);
  assert.match(
    await ready.text(),
    /pods of lab-1: the service account may not list and watch them, so nothing is observed; fix: /,
  );
  // What is found by its cgroup is captured all the same, so that nothing is lost when the right is given.
  await until(() => processesNamed('iftop').length > 0, 'captures of what is there');
  for (const kind of kinds) lab.denied.delete(kind);
  await until(async () => (await fetch('http://127.0.0.1:9793/readyz')).ok, 'readiness', 60);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
});
