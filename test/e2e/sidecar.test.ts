import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed, statusOf } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';

let lab: Lab;
let app: Pod;
let server: Pod;

before(async () => {
  lab = await createLab();
  app = await lab.pod({ namespace: 'shop', name: 'app-0', ips: ['10.244.0.10'] });
  server = await lab.pod({ namespace: 'shop', name: 'server-0', ips: ['10.244.0.11'] });
  await server.serve(8080);
  app.traffic('send', '10.244.0.11', 8080, 500_000);
});

after(() => lab.end());

/** Runs the daemon as a container of the pod would: its namespace, CAP_NET_RAW and no other. */
function sidecar(
  environment: { readonly [name: string]: string },
  pod = app,
  capabilities?: string,
) {
  const own = {
    ...lab.environment,
    INTERVAL: '5s',
    SIDECAR: 'true',
    POD_UID: pod.uid,
    POD_NAMESPACE: pod.namespace,
    POD_NAME: pod.name,
    POD_IPS: pod.ips.join(),
    POD_WORKLOAD: 'StatefulSet/app',
    ...environment,
  };
  return pod.sidecar(own, capabilities);
}

test('with CAP_NET_RAW only, in its own namespace, it observes its pod by iftop and names the peers', async () => {
  const daemon = sidecar({ CAPTURE: 'auto' });
  await until(async () => (await rows()).length > 1, 'its rows');
  const status = statusOf(processesNamed('iftop')[0]?.pid ?? 0);
  assert.equal(status?.['CapEff'], '0000000000002000');
  await kill(daemon, 'SIGTERM');
  assert.equal(processesNamed('iftop').length, 0);
  for (const row of await rows()) {
    const { namespace, pod, workload, peer_kind, peer_namespace, peer } = row;
    assert.deepEqual([namespace, pod, workload], ['shop', 'app-0', 'StatefulSet/app']);
    assert.deepEqual([peer_kind, peer_namespace, peer], ['pod', 'shop', 'server-0']);
  }
});

test('with CAP_BPF and CAP_PERFMON it counts in the kernel', async () => {
  await lab.influx.query('DROP SERIES FROM nstat');
  const daemon = sidecar({ CAPTURE: 'bpf' }, app, '+net_raw,+bpf,+perfmon');
  await until(async () => (await rows()).length > 1, 'its rows');
  assert.equal(processesNamed('nstats-bpf')[0]?.['CapEff'], '000000c000002000');
  assert.equal(processesNamed('iftop').length, 0);
  await kill(daemon, 'SIGTERM');
  const [row] = await rows();
  assert.deepEqual([row?.['peer_kind'], row?.['peer']], ['pod', 'server-0']);
});

test('without rights at the API server the peers are their addresses', async () => {
  await lab.influx.query('DROP SERIES FROM nstat');
  lab.api.fault(() => ({
    status: 403,
    body: '{"kind":"Status","message":"forbidden","code":403}',
  }));
  const daemon = sidecar({});
  await until(async () => (await rows()).length > 0, 'its rows');
  const [row] = await rows();
  assert.deepEqual([row?.['peer_kind'], row?.['peer']], ['external', '10.244.0.11']);
  await kill(daemon, 'SIGTERM');
});

test('the agent of the node and two sidecars on it have a row each of every window, also after a restart', async () => {
  await lab.influx.clear();
  const agents = () => [
    lab.daemon({ INTERVAL: '5s' }).process,
    sidecar({ SPOOL_DIR: `${lab.directory}/app` }),
    sidecar({ SPOOL_DIR: `${lab.directory}/server` }, server),
  ];
  const names = ['-/-', 'shop/app-0', 'shop/server-0'];
  for (const run of [1, 2]) {
    const started = agents();
    const since = Date.now() / 1000 + 5;
    await until(async () => (await windowsOf(since)).some((who) => who.length > 2), 'their rows');
    for (const each of started) await kill(each, 'SIGTERM');
    const together = (await windowsOf(since)).find((who) => who.length > 2);
    assert.deepEqual(together, names, `run ${run}`);
  }
  const series = await lab.influx.query('SHOW SERIES FROM nstat_agent');
  assert.equal(series.length, names.length);
  const seen = await lab.influx.query(
    'SELECT last("podsSeen") AS pods FROM nstat_agent GROUP BY "node", "namespace", "pod"',
  );
  const pods = Object.fromEntries(
    seen.map((row) => [`${row['namespace']}/${row['pod']}`, row['pods']]),
  );
  assert.deepEqual(pods, { '-/-': 2, 'shop/app-0': 1, 'shop/server-0': 1 });
});

/** Whose rows of nstat_agent there are of each window after a moment (seconds since 1970). */
async function windowsOf(since: number): Promise<string[][]> {
  const all = await lab.influx.query('SELECT * FROM nstat_agent');
  const windows = Map.groupBy(
    all.filter(({ time }) => time > since),
    ({ time }) => time,
  );
  const names = [...windows.values()].map((rows) =>
    rows.map((row) => `${row['namespace']}/${row['pod']}`),
  );
  return names.map((of) => of.sort((a, b) => a.localeCompare(b)));
}

function rows(): Promise<Row[]> {
  return lab.influx.query("SELECT * FROM nstat WHERE pod = 'app-0' AND sentBytes > 100000");
}
