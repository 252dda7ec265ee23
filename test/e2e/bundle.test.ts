import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bundle, makeBundle } from '../image/bundle.ts';
import { until } from '../lab/influx.ts';
import { reachable } from '../lab/kubeconfig.ts';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { assertClose, sum } from '../lab/rows.ts';
import { kill, sh } from '../lab/shell.ts';

/** Where the kubelet puts the credentials of a pod's service account. */
const ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';

let bundle: Bundle;
let lab: Lab;
let client: Pod;

before(async () => {
  bundle = makeBundle();
  lab = await createLab(bundle.main);
  client = await lab.pod({ namespace: 'lab', name: 'client', ips: ['10.244.0.10'] });
  const server = await lab.pod({ namespace: 'lab', name: 'server', ips: ['10.244.0.11'] });
  await server.serve(8080);
});

after(async () => {
  await lab.end();
  bundle[Symbol.dispose]();
});

test('the bundle names both ends of a flow, with the bytes of the kernel’s counters', async () => {
  const daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(2);
  await sleep(1500);
  const traffic = client.traffic('send', '10.244.0.11', 8080, 1_000_000);
  const rows = () =>
    lab.influx.query("SELECT * FROM nstat WHERE pod = 'client' AND peer = 'server'");
  await until(async () => (await rows()).length >= 2, 'two windows', 60);
  await kill(traffic, 'SIGKILL');
  // Until all has been reported: an agent that ends does not wait for that.
  await sleep(4000);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0, daemon.log.join('\n'));
  const counted = await lab.influx.query("SELECT * FROM nstat_pod WHERE pod = 'client'");
  const known = sum(counted, 'sentAttributed', 'missingUncaptured');
  assertClose(known, sum(counted, 'sentBytes'), 0.05);
});

test('the bundle finds the cluster that it runs in by the service account', async () => {
  const { server, ca, token } = reachable(lab.environment['KUBECONFIG'] ?? '');
  // In the lab's own mount namespace.
  sh('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  mkdirSync(ACCOUNT, { recursive: true });
  writeFileSync(`${ACCOUNT}/token`, token);
  writeFileSync(`${ACCOUNT}/ca.crt`, ca);
  const { code, text } = await lab.check({
    KUBECONFIG: '',
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port,
  });
  sh('umount', ['/run']);
  assert.equal(code, 0, text);
});
