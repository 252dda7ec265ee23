import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { namespace } from '../lab/apiserver/objects.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const SETTINGS = { INTERVAL: '5s', POD_LABELS: 'team,app.kubernetes.io/name' };
const [TEAM, NAME] = ['label_team', 'label_app_kubernetes_io_name'];
/** Milliseconds after the end of a window until it is closed. */
const GRACE = 4000;

let lab: Lab;
let daemon: Daemon;
let web: Pod;

before(async () => {
  lab = await createLab();
  lab.api.store.put('namespaces', namespace({ name: 'shop', labels: { team: 'b', other: 'x' } }));
  const labels = { team: 'a', 'app.kubernetes.io/name': 'front', other: 'x' };
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'], labels });
  const db = await lab.pod({ namespace: 'shop', name: 'db', ips: ['10.244.0.11'] });
  await db.serve(80);
  web.traffic('send', db.ips[0] ?? '', 80, 100_000);
  daemon = lab.daemon(SETTINGS);
});

after(() => lab.end());

/** The rows of a pod in both measurements, in the order of their times. */
async function rowsOf(pod: string): Promise<Row[]> {
  const all = await Promise.all(
    ['nstat', 'nstat_pod'].map((name) => lab.influx.query(`SELECT * FROM ${name}`)),
  );
  return all
    .flat()
    .filter((row) => row['pod'] === pod)
    .toSorted((a, b) => a.time - b.time);
}

/** Waits until the last rows of a pod have these labels. */
async function reach(pod: string, team: string, name: string): Promise<Row[]> {
  const is = (row: Row | undefined) => row?.[TEAM] === team && row[NAME] === name;
  await until(async () => is((await rowsOf(pod)).at(-1)), `${pod} is of ${team}`, 60);
  return rowsOf(pod);
}

/** Labels a pod or a namespace as kubectl does. */
function label(resource: 'pods' | 'namespaces', name: string, labels: { [key: string]: string }) {
  const object = lab.api.store.get(resource, name, resource === 'pods' ? 'shop' : undefined);
  assert.ok(object);
  lab.api.store.put(resource, { ...object, metadata: { ...object.metadata, labels } });
}

async function isReady(): Promise<boolean> {
  return (await fetch('http://127.0.0.1:9790/readyz')).ok;
}

test('all rows of a pod have its labels, and its namespace’s where it has none', async () => {
  const own = await reach('web', 'a', 'front');
  const others = await reach('db', 'b', '-');
  for (const row of [...own, ...others]) assert.ok(!('label_other' in row));
});

test('a label that changes is in the window that is open then and in all after it, and costs no request', async () => {
  await until(isReady, 'a daemon that follows all');
  const requests = lab.api.requests.length;
  const at = Date.now();
  label('pods', 'web', { team: 'c' });
  label('namespaces', 'shop', { 'app.kubernetes.io/name': 'back' });
  const own = await reach('web', 'c', 'back');
  const others = await reach('db', '-', 'back');
  assert.equal(lab.api.requests.length, requests);
  for (const [rows, before, then] of [
    [own, 'a front', 'c back'],
    [others, 'b -', '- back'],
  ] as const)
    for (const row of rows) {
      const found = `${row[TEAM]} ${row[NAME]}`;
      if (row.time * 1000 > at) assert.equal(found, then);
      else if (row.time * 1000 < at - GRACE) assert.equal(found, before);
    }
});

test('without rights to namespaces the labels of pods count', async () => {
  await kill(daemon.process, 'SIGTERM');
  await lab.influx.clear();
  lab.denied.add('namespaces');
  daemon = lab.daemon(SETTINGS);
  await reach('web', 'c', '-');
  await reach('db', '-', '-');
  await kill(daemon.process, 'SIGTERM');
});

test('a sidecar has the labels that it is told', async () => {
  await lab.influx.clear();
  const { uid, name, ips } = web;
  const own = { POD_UID: uid, POD_NAMESPACE: 'shop', POD_NAME: name, POD_IPS: ips.join() };
  const labels = { POD_LABELS: 'team=gold,app.kubernetes.io/name=' };
  const sidecar = web.sidecar({
    ...lab.environment,
    ...SETTINGS,
    SIDECAR: 'true',
    ...own,
    ...labels,
  });
  await reach('web', 'gold', '-');
  await kill(sidecar, 'SIGTERM');
});
