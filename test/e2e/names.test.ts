import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { node as nodeObject, pod as podObject } from '../lab/apiserver/objects.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { kill } from '../lab/shell.ts';

const ZONE = 'eu west,1="a"é';
const TAGS = ['peer_kind', 'peer_namespace', 'peer', 'peer_workload', 'peer_zone', 'port'];

let lab: Lab;
let rows: Row[];
let log: readonly string[];

before(async () => {
  lab = await createLab();
  lab.api.store.put('nodes', nodeObject({ name: 'lab-2', addresses: ['192.0.2.20'], zone: ZONE }));
  lab.api.store.put(
    'pods',
    podObject({
      name: 'far',
      namespace: 'data',
      nodeName: 'lab-2',
      ips: ['10.244.1.5'],
      owner: { kind: 'StatefulSet', name: 'far' },
    }),
  );
  // What owns nothing: an ended pod whose address is another's by now, and objects without sense.
  lab.api.store.put(
    'pods',
    podObject({ name: 'ended', nodeName: 'lab-2', ips: ['10.244.1.5'], phase: 'Succeeded' }),
  );
  lab.api.store.put('pods', { metadata: { name: 'bare' } });
  lab.api.store.put('services', {
    metadata: { name: 'bare' },
    spec: { clusterIPs: ['', 'None', 'x'] },
  });
  lab.api.store.put('nodes', { metadata: { name: 'bare' } });

  const pods = {
    namespace: 'shop',
    labels: { 'pod-template-hash': 'abc' },
    owner: { kind: 'ReplicaSet', name: 'web-abc' },
  };
  const web = await lab.pod({
    ...pods,
    name: 'web-abc-1',
    ips: ['10.244.0.10', 'fd00:10:244::10'],
  });
  const api = await lab.pod({
    namespace: 'shop',
    name: 'api-0',
    ips: ['10.244.0.11', 'fd00:10:244::11'],
  });
  await lab.pod({ namespace: 'kube-system', name: 'excluded', ips: ['10.244.0.12'] });
  await lab.pod({
    namespace: 'shop',
    name: 'opted-out',
    ips: ['10.244.0.13'],
    annotations: { 'nstats/observe': 'false' },
  });
  lab.service({
    namespace: 'shop',
    name: 'api',
    ips: ['10.96.0.11', 'fd00:10:96::11'],
    port: 80,
    backends: ['10.244.0.11', 'fd00:10:244::11'],
  });
  const outside = await lab.outside([
    '198.51.100.7',
    '2001:db8:64:1::7',
    '192.0.2.20',
    '10.244.1.5',
  ]);
  await api.serve(80);
  await outside.serve(80);

  const daemon = lab.daemon({ INTERVAL: '5s', EXCLUDE_NAMESPACES: 'kube-system' });
  await until(() => processesNamed('iftop').length === 2, 'a capture for each of the two');
  for (const host of [
    '10.96.0.11',
    'fd00:10:96::11',
    '10.244.0.11',
    '198.51.100.7',
    '2001:db8:64:1::7',
    '192.0.2.20',
    '10.244.1.5',
  ]) {
    web.traffic('send', host, 80, 20_000);
  }
  web.traffic('spray', 9999, 20_000, '10.244.0.99', '203.0.113.1');
  await sleep(8000);
  assert.equal(processesNamed('iftop').length, 2, 'nothing else is observed');
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  log = daemon.log;
  rows = (await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web-abc-1'")).filter(
    ({ sentBytes }) => Number(sentBytes) > 10_000,
  );
});

after(() => lab.end());

const cases: readonly (readonly [what: string, ...tags: string[]])[] = [
  ['a service, over both families', 'service', 'shop', 'api', '-', '-', '-'],
  ['a pod by its own address', 'pod', 'shop', 'api-0', 'Pod/api-0', 'zone-a', '-'],
  ['a pod of another node', 'pod', 'data', 'far', 'StatefulSet/far', ZONE, '-'],
  ['another node', 'node', '-', 'lab-2', '-', ZONE, '-'],
  ['an outside address', 'external', '-', '198.51.100.0/24', '-', '-', '-'],
  ['an outside address of IPv6', 'external', '-', '2001:db8:64::/48', '-', '-', '-'],
  ['an address of the pods that nobody owns', 'unknown', '-', '-', '-', '-', '-'],
];

for (const [what, ...tags] of cases) {
  test(`${what} is named as the schema says`, () => {
    const found = rows.filter((row) => TAGS.every((tag, index) => row[tag] === tags[index]));
    assert.ok(found.length > 0, JSON.stringify(rows.map((row) => TAGS.map((tag) => row[tag]))));
  });
}

test('the observed end has its workload, node and zone', () => {
  for (const row of rows) {
    assert.deepEqual(
      [row['namespace'], row['workload'], row['node'], row['zone']],
      ['shop', 'Deployment/web', 'lab-1', 'zone-a'],
    );
  }
});

test('objects without sense are no news', () => {
  assert.deepEqual(
    log.filter((line) => /"level":"(warn|error)"/.test(line)),
    [],
  );
});
