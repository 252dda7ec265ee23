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
function sidecar(environment: { readonly [name: string]: string }) {
  return app.sidecar({
    ...lab.environment,
    INTERVAL: '5s',
    SIDECAR: 'true',
    POD_UID: app.uid,
    POD_NAMESPACE: 'shop',
    POD_NAME: 'app-0',
    POD_IPS: '10.244.0.10',
    POD_WORKLOAD: 'StatefulSet/app',
    ...environment,
  });
}

test('with CAP_NET_RAW only, in its own namespace, it observes its pod and names the peers', async () => {
  const daemon = sidecar({});
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

function rows(): Promise<Row[]> {
  return lab.influx.query("SELECT * FROM nstat WHERE pod = 'app-0' AND sentBytes > 100000");
}
