import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  localPod,
  namespaceRecord,
  nodeRecord,
  observeOf,
  podRecord,
  serviceRecord,
} from '../../lib/kubernetes/records.ts';
import { object, objects } from './recorded.ts';

test('of the recorded pods those are observed that live and have a network of their own', () => {
  const observed = objects('pods').filter((pod) => localPod(pod));
  assert.deepEqual(
    new Set(observed.map(({ metadata }) => metadata?.name)),
    new Set([
      'crash',
      'db-0',
      'guaranteed',
      'hostport',
      'noimage',
      'pending',
      'spy',
      'static-web-vm',
      'two',
      'web-6cd5976f84-2n5b8',
      'web-6cd5976f84-qswtp',
    ]),
  );
});

test('a running pod is observed under the names and addresses that the API tells', () => {
  assert.deepEqual(localPod(object('pods', 'web-6cd5976f84-2n5b8')), {
    uid: '633e5f2d-07f3-4e12-be0a-3947fa6d6906',
    cgroupUid: '633e5f2d-07f3-4e12-be0a-3947fa6d6906',
    namespace: 'demo',
    name: 'web-6cd5976f84-2n5b8',
    workload: 'Deployment/web',
    ips: ['10.244.0.10'],
  });
});

test('of the labels of a pod and a namespace those are kept that are asked for and say something', () => {
  const pod = object('pods', 'web-6cd5976f84-2n5b8');
  const keys = ['app', 'team', 'constructor'];
  assert.deepEqual(localPod(pod, keys)?.labels, { app: 'web' });
  const metadata = { name: 'demo', labels: { team: 'a', app: '', other: 'x' } };
  assert.deepEqual(namespaceRecord({ metadata }, keys).labels, { team: 'a' });
  assert.ok(!('labels' in namespaceRecord({ metadata })));
});

test('a pod that is not running yet is observed before it has an address', () => {
  assert.deepEqual(localPod(object('pods', 'pending'))?.ips, []);
  assert.deepEqual(localPod(object('pods', 'noimage'))?.ips, ['10.244.0.16']);
});

test('a pod that is being deleted is observed to its end, and known to be near it', () => {
  const { metadata, ...rest } = object('pods', 'web-6cd5976f84-2n5b8');
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const pod = localPod({ ...rest, metadata: { ...metadata, deletionTimestamp } });
  assert.deepEqual([pod?.name, pod?.terminating], ['web-6cd5976f84-2n5b8', true]);
});

test('a static pod is looked for by the hash of its manifest', () => {
  const pod = object('pods', 'static-web-vm');
  const { uid, cgroupUid, workload } = localPod(pod) ?? {};
  assert.equal(uid, '17b06392-6847-451d-85b9-b45d0ee2d89f');
  assert.equal(cgroupUid, '4ee8a4250398888e7d9c41011ecb132e');
  assert.equal(workload, 'Pod/static-web-vm');
});

test('a pod cannot pretend to be a static one with the hash alone', () => {
  const annotations = { 'kubernetes.io/config.hash': '4ee8a4250398888e7d9c41011ecb132e' };
  const pod = object('pods', 'crash');
  const pretender = { ...pod, metadata: { ...pod.metadata, annotations } };
  assert.equal(localPod(pretender)?.cgroupUid, pod.metadata?.uid);
});

test('the annotation of a pod or a namespace turns it off or on, and no other value does', () => {
  const pod = object('pods', 'crash');
  for (const [value, observe] of [
    ['false', false],
    ['true', true],
    ['', undefined],
    ['False', undefined],
    ['no', undefined],
  ] as const) {
    const metadata = { ...pod.metadata, annotations: { 'nstats/observe': value } };
    assert.equal(observeOf({ ...pod, metadata }), observe, value);
    const { name } = metadata;
    assert.deepEqual(namespaceRecord({ metadata }), { name, observe });
  }
  assert.equal(observeOf(pod), undefined);
});

test('a pod that has ended, or shares its node’s network, owns no address but keeps its name', () => {
  for (const name of ['failed', 'done', 'once-4f65v', 'hostnet', 'agent-pvd4d']) {
    const pod = object('pods', name);
    assert.ok(pod.status?.podIP, name);
    const record = podRecord(pod);
    assert.deepEqual([record.name, record.ips], [name, []]);
  }
});

test('a pod is recorded with its node, its workload and every address once', () => {
  const pod = object('pods', 'db-0');
  const podIPs = [{ ip: '10.244.0.23' }, { ip: 'FD00::0017' }, {}];
  assert.deepEqual(podRecord({ ...pod, status: { ...pod.status, podIPs } }), {
    uid: pod.metadata?.uid,
    kind: 'pod',
    namespace: 'demo',
    name: 'db-0',
    workload: 'StatefulSet/db',
    node: 'vm',
    zone: '',
    ips: ['10.244.0.23', 'fd00::17'],
    podCidrs: [],
    since: Date.parse(pod.status?.startTime ?? ''),
    started: Date.parse('2026-11-21T23:01:48Z'),
    running: true,
  });
});

test('a recorded service owns its cluster IPs, one that is headless or a name owns none', () => {
  const ips = objects('services')
    .map(serviceRecord)
    .map(({ namespace, name, ips }) => [`${namespace}/${name}`, ...ips]);
  assert.deepEqual(ips, [
    ['default/kubernetes', '10.96.0.1'],
    ['demo/db'],
    ['demo/external'],
    ['demo/web', '10.96.195.164'],
    ['demo/web-headless'],
    ['demo/web-nodeport', '10.96.28.45'],
  ]);
});

test('a service also owns its external IPs and those of its load balancer', () => {
  const service = {
    metadata: { uid: 's', name: 'web', namespace: 'demo' },
    spec: {
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9', 'fd00:96::9'],
      externalIPs: ['192.0.2.1'],
    },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { hostname: 'lb.example.com' }] } },
  };
  assert.deepEqual(serviceRecord(service).ips, [
    '10.96.0.9',
    'fd00:96::9',
    '192.0.2.1',
    '203.0.113.7',
  ]);
});

test('a node owns its addresses of every type that are addresses', () => {
  const { kind, name, ips, zone, podCidrs } = nodeRecord(object('nodes', 'vm'));
  assert.deepEqual(
    { kind, name, ips, zone, podCidrs },
    { kind: 'node', name: 'vm', ips: ['10.244.255.1'], zone: '', podCidrs: [] },
  );
});

test('a node’s zone is its label, its ranges are of both families or else the one there is', () => {
  const node = {
    metadata: { labels: { 'topology.kubernetes.io/zone': 'z1' } },
    spec: { podCIDR: '10.0.1.0/24' },
  };
  assert.deepEqual([nodeRecord(node).zone, nodeRecord(node).podCidrs], ['z1', ['10.0.1.0/24']]);
  const both = ['10.0.1.0/24', 'fd00:1::/64'];
  assert.deepEqual(nodeRecord({ spec: { podCIDR: '10.0.1.0/24', podCIDRs: both } }).podCidrs, both);
});
