import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Directory } from '../../lib/naming/directory.ts';
import type { Network } from '../../lib/naming/networks.ts';
import { type Place, scopeBetween } from '../../lib/naming/scope.ts';

const HERE = { node: 'n1', zone: 'eu-1a', region: 'eu-1' };

const ways: readonly [what: string, a: Place, b: Place, scope: string][] = [
  ['one node', HERE, HERE, 'zone'],
  ['one node without labels', at('n1'), at('n1'), 'zone'],
  ['one zone', HERE, at('n2', 'eu-1a', 'eu-1'), 'zone'],
  ['two zones', HERE, at('n2', 'eu-1b', 'eu-1'), 'cross-zone'],
  ['two zones without regions', at('n1', 'a'), at('n2', 'b'), 'cross-zone'],
  ['two zones, one region known', HERE, at('n2', 'eu-1b'), 'cross-zone'],
  ['two regions', HERE, at('n2', 'us-1a', 'us-1'), 'cross-region'],
  ['two regions with zones of one name', at('n1', 'a', 'eu'), at('n2', 'a', 'us'), 'cross-region'],
  ['two regions without zones', at('n1', '', 'eu'), at('n2', '', 'us'), 'cross-region'],
  ['one region without zones', at('n1', '', 'eu'), at('n2', '', 'eu'), '-'],
  ['a zone that is not known', HERE, at('n2', '', 'eu-1'), '-'],
  ['a place that is not known', HERE, at(''), '-'],
  ['no node on either side', at(''), at(''), '-'],
];

function at(node: string, zone = '', region = ''): Place {
  return { node, zone, region };
}

for (const [what, a, b, scope] of ways)
  test(`${what}: ${scope}, seen from either side`, () => {
    assert.deepEqual([scopeBetween(a, b), scopeBetween(b, a)], [scope, scope]);
  });

const NOTHING = {
  namespace: '',
  workload: '',
  node: '',
  zone: '',
  ips: [],
  podCidrs: [],
  since: 0,
  started: 0,
  running: true,
};

function cluster(networkOf?: (address: string) => Network | undefined): Directory {
  const directory = new Directory({ node: 'n1', ...(networkOf && { networkOf }) });
  const node = (name: string, zone: string, region: string, ip: string) =>
    ({ ...NOTHING, kind: 'node', uid: name, name, zone, region, ips: [ip] }) as const;
  const pod = (name: string, node: string, ip: string) =>
    ({ ...NOTHING, kind: 'pod', uid: name, name, node, ips: [ip] }) as const;
  directory.replace(
    'node',
    [
      node('n1', 'eu-1a', 'eu-1', '10.9.0.1'),
      node('n2', 'eu-1b', 'eu-1', '10.9.0.2'),
      node('n3', 'us-1a', 'us-1', '10.9.0.3'),
    ],
    0,
  );
  directory.replace(
    'pod',
    [
      pod('same', 'n1', '10.0.0.1'),
      pod('near', 'n2', '10.0.0.2'),
      pod('far', 'n3', '10.0.0.3'),
      pod('lost', 'n9', '10.0.0.4'),
    ],
    0,
  );
  const service = { ...NOTHING, kind: 'service', uid: 's', name: 's', ips: ['10.96.0.1'] } as const;
  directory.replace('service', [service], 0);
  return directory;
}

const peers: readonly [address: string, scope: string, what: string][] = [
  ['10.0.0.1', 'zone', 'a pod of the node'],
  ['10.0.0.2', 'cross-zone', 'a pod in another zone'],
  ['10.0.0.3', 'cross-region', 'a pod in another region'],
  ['10.0.0.4', '-', 'a pod on a node that is not known'],
  ['10.9.0.1', 'zone', 'the node itself'],
  ['10.9.0.2', 'cross-zone', 'a node in another zone'],
  ['10.9.0.3', 'cross-region', 'a node in another region'],
  ['10.96.0.1', '-', 'a service'],
  ['8.8.8.8', 'internet', 'a public address'],
  ['2606:4700::1111', 'internet', 'a public address of IPv6'],
  ['203.0.113.1', 'internet', 'an address for documentation'],
  ['172.16.5.5', 'private', 'a private address'],
  ['100.64.1.1', 'private', 'an address behind a carrier’s NAT'],
  ['fd12::1', 'private', 'a unique local address'],
  ['169.254.169.254', 'private', 'a cloud’s metadata'],
  ['224.0.0.251', 'private', 'a multicast group'],
  ['ff02::fb', 'private', 'a multicast group of IPv6'],
  ['240.0.0.1', 'private', 'an address of class E'],
  ['198.19.255.255', 'private', 'an address for benchmarks'],
  ['198.20.0.1', 'internet', 'the one after these'],
];

for (const [address, scope, what] of peers)
  test(`${what} (${address}): ${scope}`, () => {
    assert.equal(cluster().peer(address, 1, 2).scope, scope);
  });

const networks: readonly [network: Omit<Network, 'name'>, zone: string, scope: string][] = [
  [{}, '-', 'internet'],
  [{ scope: 'private' }, '-', 'private'],
  [{ zone: 'eu-1a', region: 'eu-1' }, 'eu-1a', 'zone'],
  [{ zone: 'eu-1b', region: 'eu-1' }, 'eu-1b', 'cross-zone'],
  [{ zone: 'eu-1b' }, 'eu-1b', 'cross-zone'],
  [{ region: 'us-1' }, '-', 'cross-region'],
  [{ region: 'eu-1' }, '-', '-'],
];

for (const [network, zone, scope] of networks)
  test(`an address in a network of ${JSON.stringify(network)}: ${scope}`, () => {
    const peer = cluster(() => ({ name: 'office', ...network })).peer('8.8.8.8', 1, 2);
    assert.deepEqual([peer.name, peer.zone, peer.scope], ['office', zone, scope]);
  });

test('while it is not known who has which address, a private one is in no scope', () => {
  const directory = new Directory({ node: 'n1', rawUntilListed: true });
  const scopes = ['10.0.0.1', '8.8.8.8'].map((address) => directory.peer(address, 1, 2).scope);
  assert.deepEqual(scopes, ['-', 'internet']);
});
