import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Directory, nameless } from '../../lib/naming/directory.ts';
import { publishedOf } from '../../lib/kubernetes/node/node-addresses.ts';
import { NODE_ANNOTATIONS } from '../../lib/kubernetes/node/node-annotations.ts';
import { nodeRecord, podRecord } from '../../lib/kubernetes/records.ts';
import { objectOf } from '../../lib/kubernetes/object-schema.ts';
import { node, pod } from '../lab/apiserver/objects.ts';

/** As these projects write them, but for the addresses. */
const networks: readonly [
  network: string,
  annotations: { readonly [key: string]: string },
  own: readonly string[],
  ofPods?: readonly string[],
][] = [
  [
    'Calico with all of its tunnels',
    {
      'projectcalico.org/IPv4Address': '192.0.2.10/24',
      'projectcalico.org/IPv6Address': '2001:db8::10/64',
      'projectcalico.org/IPv4IPIPTunnelAddr': '10.244.73.64',
      'projectcalico.org/IPv4VXLANTunnelAddr': '10.244.73.65',
      'projectcalico.org/IPv6VXLANTunnelAddr': 'fd00:10:244:49::1',
      'projectcalico.org/IPv4WireguardInterfaceAddr': '10.244.73.66',
      'projectcalico.org/IPv6WireguardInterfaceAddr': 'fd00:10:244:0049::0002',
      'projectcalico.org/Interfaces': '[{"name":"eth1","addresses":["198.51.100.10"]}]',
      'projectcalico.org/VXLANTunnelMACAddr': '66:91:1d:6b:11:0a',
    },
    [
      '192.0.2.10',
      '2001:db8::10',
      '10.244.73.64',
      '10.244.73.65',
      'fd00:10:244:49::1',
      '10.244.73.66',
      'fd00:10:244:49::2',
      '198.51.100.10',
    ],
  ],
  [
    'Cilium',
    {
      'network.cilium.io/ipv4-cilium-host': '10.244.0.28',
      'network.cilium.io/ipv4-health-ip': '10.244.0.9',
      'network.cilium.io/ipv4-Ingress-ip': '10.244.0.77',
      'network.cilium.io/ipv4-pod-cidr': '10.244.0.1/25',
    },
    ['10.244.0.28', '10.244.0.9', '10.244.0.77'],
    ['10.244.0.100'],
  ],
  [
    'an older Cilium',
    {
      'io.cilium.network.ipv4-cilium-host': '10.0.1.28',
      'io.cilium.network.ipv6-cilium-host': 'fd00::1:1c',
      'io.cilium.network.ipv6-pod-cidr': 'fd00::1:0/112',
    },
    ['10.0.1.28', 'fd00::1:1c'],
    ['fd00::1:ff'],
  ],
  [
    'OVN-Kubernetes of one family',
    {
      'k8s.ovn.org/node-subnets': '{"default":"10.128.2.0/23"}',
      'k8s.ovn.org/node-gateway-router-lrp-ifaddr': '{"ipv4":"100.64.0.8/16"}',
      'k8s.ovn.org/node-transit-switch-port-ifaddr': '{"ipv4":"100.88.0.8/16"}',
      'k8s.ovn.org/node-local-nat-ip': '{"default":["169.254.5.9"]}',
      'k8s.ovn.org/host-addresses': '["192.0.2.10","198.51.100.10"]',
      'k8s.ovn.org/l3-gateway-config': '{"default":{"next-hops":["192.0.2.1"]}}',
    },
    ['10.128.2.1', '10.128.2.2', '100.64.0.8', '100.88.0.8', '192.0.2.10', '198.51.100.10'],
    ['10.128.2.3', '10.128.3.7'],
  ],
  [
    'OVN-Kubernetes of both families with a further network',
    {
      'k8s.ovn.org/node-subnets':
        '{"default":["10.128.2.0/23","fd01:0:0:2::/64"],"blue":["10.200.1.0/24"]}',
      'k8s.ovn.org/node-gateway-router-lrp-ifaddrs':
        '{"default":{"ipv4":"100.64.0.4/16","ipv6":"fd98::4/64"},"blue":{"ipv4":"100.65.0.4/16"}}',
      'k8s.ovn.org/host-cidrs': '["192.0.2.10/24","2001:db8::10/64"]',
      'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"192.0.2.10/24","ipv6":""}',
    },
    [
      '10.128.2.1',
      '10.128.2.2',
      'fd01:0:0:2::1',
      'fd01:0:0:2::2',
      '10.200.1.2',
      '100.64.0.4',
      'fd98::4',
      '100.65.0.4',
      '192.0.2.10',
      '2001:db8::10',
    ],
    ['10.128.3.7', 'fd01:0:0:2::7', '10.200.1.7'],
  ],
  [
    'OVN-Kubernetes with the hybrid overlay',
    {
      'k8s.ovn.org/node-subnets': '{"default":["10.128.2.0/23"]}',
      'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-mac': '0a:58:0a:80:02:03',
    },
    ['10.128.2.1', '10.128.2.2', '10.128.2.3'],
    ['10.128.2.4'],
  ],
  [
    'OVN-Kubernetes with the hybrid overlay elsewhere',
    {
      'k8s.ovn.org/node-subnets': '{"default":["10.128.2.0/23"]}',
      'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-mac': '0a:58:0a:80:02:09',
      'k8s.ovn.org/hybrid-overlay-distributed-router-gateway-ip': '10.128.2.9',
      'k8s.ovn.org/hybrid-overlay-node-subnet': '10.132.0.0/24',
    },
    ['10.128.2.9', '10.132.0.1'],
    ['10.128.2.3', '10.132.0.7'],
  ],
  [
    'Kube-OVN',
    {
      'ovn.kubernetes.io/ip_address': '100.64.0.2,fd00:100:64::2',
      'ovn.kubernetes.io/cidr': '100.64.0.0/16,fd00:100:64::/112',
      'ovn.kubernetes.io/gateway': '100.64.0.1,fd00:100:64::1',
    },
    ['100.64.0.2', 'fd00:100:64::2'],
  ],
  [
    'Antrea',
    { 'node.antrea.io/transport-addresses': '198.51.100.10, 2001:db8:1::10' },
    ['198.51.100.10', '2001:db8:1::10'],
  ],
  [
    'Flannel, of k3s',
    {
      'flannel.alpha.coreos.com/public-ip': '198.51.100.10',
      'flannel.alpha.coreos.com/public-ip-overwrite': '203.0.113.10',
      'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"66:91:1d:6b:11:0a"}',
      'k3s.io/internal-ip': '192.0.2.10,2001:db8::10',
    },
    ['198.51.100.10', '203.0.113.10', '192.0.2.10', '2001:db8::10'],
  ],
  [
    'kube-router',
    { 'kube-router.io/pod-cidrs': '10.1.2.0/24,fd00:1:2::/64' },
    ['10.1.2.1', 'fd00:1:2::1'],
    ['10.1.2.7', 'fd00:1:2::7'],
  ],
  ['Kilo', { 'kilo.squat.ai/wireguard-ip': '10.4.0.1/16' }, ['10.4.0.1']],
  ['Submariner', { 'submariner.io/cniIfaceIp': '10.244.1.1' }, ['10.244.1.1']],
  [
    'GKE with further networks',
    { 'networking.gke.io/north-interfaces': '[{"network":"blue","ipAddress":"10.9.0.4"}]' },
    ['10.9.0.4'],
  ],
  ['Talos', { 'networking.talos.dev/self-ips': '192.0.2.10,2001:db8::10' }, ['2001:db8::10']],
];

function heard(annotations: { readonly [key: string]: string }): Directory {
  const directory = new Directory();
  for (const kind of ['pod', 'service', 'node'] as const) directory.replace(kind, [], 0);
  directory.put(nodeRecord(objectOf(node({ name: 'n1', uid: 'n', annotations }))), 0);
  return directory;
}

for (const [network, annotations, own, ofPods = []] of networks) {
  test(`the addresses that ${network} has on a node are the node’s`, () => {
    const directory = heard(annotations);
    for (const ip of own) assert.deepEqual(directory.peer(ip, 1, 1), nameless('node', 'n1'), ip);
    for (const ip of ofPods) assert.equal(directory.peer(ip, 1, 1).kind, 'unknown', ip);
    for (const ip of ['192.0.2.1', '100.64.0.1', '169.254.5.9', '203.0.113.9']) {
      assert.equal(directory.peer(ip, 1, 1).kind, 'external', ip);
    }
  });
}

const ADDRESS = 'projectcalico.org/IPv4IPIPTunnelAddr';
const SUBNETS = 'k8s.ovn.org/node-subnets';

test('what cannot be read of an annotation is left out, and the rest is read', () => {
  for (const text of [
    '',
    'None',
    '{',
    '[1,null,{}]',
    '"',
    '10.0.0.256',
    '{"a":{"b":[[["10.0.0.1"]]]}}',
  ]) {
    assert.deepEqual(publishedOf({ [ADDRESS]: text }), { addresses: [], ranges: [] }, text);
    assert.deepEqual(publishedOf({ [SUBNETS]: text }).addresses, [], text);
  }
  const mixed = '["10.0.0.1/33", "nonsense", "10.0.0.1/24"]';
  assert.deepEqual(publishedOf({ [SUBNETS]: mixed }), {
    addresses: ['10.0.0.1', '10.0.0.2'],
    ranges: ['10.0.0.1/24'],
  });
});

test('addresses that every node has for itself are no node’s', () => {
  const text = '127.0.0.1,169.254.169.2,fe80::1,::1,0.0.0.0,10.0.0.1';
  assert.deepEqual(publishedOf({ [ADDRESS]: text }).addresses, ['10.0.0.1']);
});

test('of one node no more is kept than 256 addresses and 256 ranges', () => {
  const many = Array.from({ length: 300 }, (_, place) => `10.${place >> 8}.${place & 255}.0/24`);
  const { addresses, ranges } = publishedOf({ [SUBNETS]: JSON.stringify({ many }) });
  assert.deepEqual([addresses.length, ranges.length], [256, 256]);
});

test('the annotations of many networks are read whole, those of other programs are not', () => {
  const subnets = Object.fromEntries(
    Array.from({ length: 100 }, (_, place) => [`tenant-${place}`, [`10.100.${place}.0/24`]]),
  );
  const long = JSON.stringify(subnets);
  assert.ok(long.length > 2048);
  const object = { metadata: { annotations: { [SUBNETS]: long, other: long } } };
  assert.deepEqual(Object.keys(objectOf(object).metadata?.annotations ?? {}), [SUBNETS]);
  assert.equal(nodeRecord(objectOf(object)).podCidrs.length, 100);
  const tooLong = { metadata: { annotations: { [SUBNETS]: long.padEnd(20_000) } } };
  assert.deepEqual(nodeRecord(objectOf(tooLong)).podCidrs, []);
});

test('whatever is in the annotations, nothing is thrown and only addresses are found', () => {
  const value = fc.oneof(
    fc.string(),
    fc.json(),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('['.repeat(9000), '['.repeat(8000) + ']'.repeat(8000)),
  );
  const annotations = fc.dictionary(fc.constantFrom(...NODE_ANNOTATIONS.keys()), value);
  fc.assert(
    fc.property(annotations, (annotations) => {
      const directory = heard(annotations);
      for (const ip of publishedOf(annotations).addresses) {
        assert.equal(directory.peer(ip, 1, 1).kind, 'node');
      }
    }),
  );
});

const TUNNEL = '10.244.73.64';
const tunnel = (uid: string, name = uid, ip = TUNNEL) =>
  nodeRecord(objectOf(node({ name, uid, annotations: { [ADDRESS]: ip } })));
const podAt = (uid: string, ip: string, startTime: string) => {
  const object = pod({ name: uid, uid, ips: [ip] });
  return podRecord(objectOf({ ...object, status: { ...object.status, startTime } }));
};

test('an address that the node has given up is not its own any more, nor a later owner’s before', () => {
  const directory = heard({ [ADDRESS]: TUNNEL });
  const kindAt = (from: number, to = from) => directory.peer(TUNNEL, from, to).kind;
  directory.put(nodeRecord(objectOf(node({ name: 'n1', uid: 'n' }))), 5000);
  directory.put(podAt('p', TUNNEL, new Date(8000).toISOString()), 9000);
  const kinds = [kindAt(4000), kindAt(6000), kindAt(9000), kindAt(4000, 9000)];
  assert.deepEqual(kinds, ['node', 'external', 'pod', 'unknown']);
});

test('a pod goes before a node’s annotation that was left behind, also while it starts', () => {
  const directory = heard({ [ADDRESS]: TUNNEL });
  directory.put(podAt('p', TUNNEL, new Date(5000).toISOString()), 6000);
  assert.equal(directory.peer(TUNNEL, 4000, 9000).name, 'p');
  assert.equal(directory.ambiguous, 0);
});

test('what a node has published goes before what it would have in its range', () => {
  const directory = heard({});
  const other = node({ name: 'n2', uid: 'n2' });
  directory.put(nodeRecord(objectOf({ ...other, spec: { podCIDR: '10.244.73.0/24' } })), 0);
  directory.put(tunnel('n', 'n1', '10.244.73.1'), 0);
  assert.equal(directory.peer('10.244.73.1', 1, 1).name, 'n1');
  assert.equal(directory.peer('10.244.73.0', 1, 1).name, 'n2');
});

test('one address that two nodes have published is neither’s', () => {
  const directory = heard({ [ADDRESS]: TUNNEL });
  directory.put(tunnel('n2'), 0);
  assert.equal(directory.peer(TUNNEL, 1, 1).kind, 'unknown');
});
