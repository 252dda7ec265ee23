import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  node as nodeObject,
  pod as podObject,
  service as serviceObject,
} from '../lab/apiserver/objects.ts';
import { type Row, until } from '../lab/influx.ts';
import { countCaptures, createLab, type Lab } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const ZONE = 'eu west,1="a"é';
const TAGS = ['peer_kind', 'peer_namespace', 'peer', 'peer_workload', 'peer_zone', 'port'];
const FAMILIES = ['v4', 'v6'] as const;

/** What there is, for each family an object of its own, so that each has its row. */
const ADDRESSES = {
  near: ['10.244.0.11', 'fd00:10:244::11'],
  far: ['10.244.1.5', 'fd00:10:244:1::5'],
  service: ['10.96.0.11', 'fd00:10:96::11'],
  node: ['192.0.2.20', '2001:db8:0:1::20'],
  hostNetwork: ['192.0.2.21', '2001:db8:0:1::21'],
  balancer: ['203.0.113.50', '2001:db8:50::1'],
  outside: ['198.51.100.7', '2001:db8:64:1::7'],
  office: ['198.18.7.7', '2001:db8:65::7'],
} as const;

/** The tags of each peer, by family where more than a name ending in it differs. */
const cases: readonly (readonly [what: keyof typeof ADDRESSES, ...tags: string[]])[] = [
  ['near', 'pod|shop|near-FAMILY|Pod/near-FAMILY|zone-a|-'],
  ['far', `pod|data|far-FAMILY|StatefulSet/far|${ZONE}|-`],
  ['service', 'service|shop|api-FAMILY|-|-|-'],
  ['node', `node|-|far-node-FAMILY|-|${ZONE}|-`],
  ['hostNetwork', 'node|-|host-FAMILY|-|-|-'],
  ['balancer', 'service|edge|lb-FAMILY|-|-|-'],
  ['outside', 'external|-|198.51.100.0/24|-|-|-', 'external|-|2001:db8:64::/48|-|-|-'],
  ['office', 'external|-|office, 4|-|-|-', 'external|-|office, 6|-|-|-'],
];

/** By UDP, since nobody answers there. */
const unanswered: readonly (readonly [what: string, address: string, ...tags: string[]])[] = [
  ['an address of the pods that nobody owns', '10.244.0.99', 'unknown', '-', '-', '-', '-', '-'],
  ['the bridge of the own node', '10.244.0.1', 'node', '-', 'lab-1', '-', 'zone-a', '-'],
  ['a tunnel of Calico', '10.246.3.64', 'node', '-', 'calico-1', '-', '-', '-'],
  ['a management port of OVN-Kubernetes', '10.245.0.2', 'node', '-', 'ovn-1', '-', '-', '-'],
];

const named = cases.flatMap(([what, v4 = '', v6 = v4]) =>
  Object.entries({ v4, v6 }).map(
    ([family, tags]) =>
      [`${what}, ${family}`, tags.replaceAll('FAMILY', family).split('|')] as const,
  ),
);
const expected = [...named.map(([, tags]) => tags), ...unanswered.map(([, , ...tags]) => tags)];

let lab: Lab;
let rows: Row[];
let log: readonly string[];

before(async () => {
  lab = await createLab();
  const { store } = lab.api;
  for (const [index, family] of FAMILIES.entries()) {
    const at = (what: keyof typeof ADDRESSES) => [ADDRESSES[what][index] ?? ''];
    const node = (name: string, addresses: string[], zone?: string) =>
      store.put('nodes', nodeObject({ name, addresses, ...(zone && { zone }) }));
    node(`far-node-${family}`, at('node'), ZONE);
    node(`host-${family}`, at('hostNetwork'));
    const far = { namespace: 'data', nodeName: `far-node-${family}`, ips: at('far') };
    const owner = { kind: 'StatefulSet', name: 'far' };
    store.put('pods', podObject({ ...far, name: `far-${family}`, owner }));
    // What owns nothing: an ended pod whose address is another's by now, one on its node's network.
    const ended = podObject({ ...far, name: `ended-${family}` });
    store.put('pods', { ...ended, status: { ...ended.status, phase: 'Succeeded' } });
    const host = { nodeName: `host-${family}`, ips: at('hostNetwork'), hostNetwork: true };
    store.put('pods', podObject({ ...host, name: `agent-${family}` }));
    const near = { namespace: 'shop', ips: at('near') };
    const pod = await lab.pod({ ...near, name: `near-${family}` });
    await pod.serve(80);
    const api = { namespace: 'shop', ips: at('service'), port: 80, backends: at('near') };
    lab.service({ ...api, name: `api-${family}` });
    const balancer = { ingressIPs: at('balancer'), type: 'LoadBalancer' } as const;
    // Two share its address, as MetalLB lets them.
    for (const [name, port] of [[`lb-${family}`, 80] as const, [`other-${family}`, 443] as const]) {
      const ports = [{ port }];
      store.put('services', serviceObject({ ...balancer, name, namespace: 'edge', ports }));
    }
  }
  const published = {
    'calico-1': { 'projectcalico.org/IPv4VXLANTunnelAddr': '10.246.3.64' },
    'ovn-1': { 'k8s.ovn.org/node-subnets': '{"default":["10.245.0.0/24"]}' },
  };
  for (const [name, annotations] of Object.entries(published)) {
    store.put('nodes', nodeObject({ name, annotations }));
  }
  // Objects without sense.
  store.put('pods', { metadata: { name: 'bare' } });
  store.put('services', { metadata: { name: 'bare' }, spec: { clusterIPs: ['', 'None', 'x'] } });
  store.put('nodes', { metadata: { name: 'bare' } });

  const web = await lab.pod({
    namespace: 'shop',
    labels: { 'pod-template-hash': 'abc' },
    owner: { kind: 'ReplicaSet', name: 'web-abc' },
    name: 'web-abc-1',
    ips: ['10.244.0.10', 'fd00:10:244::10'],
  });
  await lab.pod({ namespace: 'kube-system', name: 'excluded', ips: ['10.244.0.12'] });
  const annotations = { 'nstats/observe': 'false' };
  await lab.pod({ namespace: 'shop', name: 'opted-out', ips: ['10.244.0.13'], annotations });
  const { far, node, hostNetwork, balancer, outside, office } = ADDRESSES;
  const beyond = await lab.outside([far, node, hostNetwork, balancer, outside, office].flat());
  await beyond.serve(80);
  const networks = join(lab.directory, 'networks.yaml');
  writeFileSync(networks, '"office, 4": 198.18.0.0/15\n"office, 6": ["2001:db8:65::/64"]\n');

  const settings = { EXCLUDE_NAMESPACES: 'kube-system', NETWORKS_FILE: networks };
  const daemon = lab.daemon({ INTERVAL: '5s', ...settings });
  await lab.captures(3);
  for (const host of Object.values(ADDRESSES).flat()) web.traffic('send', host, 80, 20_000);
  web.traffic('spray', 9999, 40_000, ...unanswered.map(([, address]) => address), '203.0.113.1');
  // Those that are not found fail below.
  await until(hasAll, 'all rows', 60).catch(() => {});
  assert.equal(countCaptures(), 3, 'nothing else is observed');
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  log = daemon.log;
  rows = await rowsNow();
});

after(() => lab.end());

async function rowsNow(): Promise<Row[]> {
  const all = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web-abc-1'");
  return all.filter(({ sentBytes }) => Number(sentBytes) > 5000);
}

/** Whether a row has these tags. */
const hasTags = (all: readonly Row[], tags: readonly string[]) =>
  all.some((row) => TAGS.every((tag, index) => row[tag] === tags[index]));

async function hasAll(): Promise<boolean> {
  const all = await rowsNow();
  return expected.every((tags) => hasTags(all, tags));
}

function assertRow(tags: readonly string[]): void {
  assert.ok(hasTags(rows, tags), JSON.stringify(rows.map((row) => TAGS.map((tag) => row[tag]))));
}

for (const [what, own] of named) test(`${what}: ${own.join(' ')}`, () => assertRow(own));

for (const [what, , ...tags] of unanswered) {
  test(`${what}: ${tags.join(' ')}`, () => assertRow(tags));
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
