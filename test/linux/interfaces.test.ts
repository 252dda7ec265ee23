import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  interfacesIn,
  linksIn,
  type NetTexts,
  readNetTexts,
  standInFor,
} from '../../lib/linux/interfaces.ts';
import { ProcTree } from './recordings.ts';

const directory = new URL('../fixtures/interfaces/', import.meta.url);
const IPS = ['10.244.0.10', 'fd00:10:244::10'];

/** Namespaces as they were made with iproute2; the dummies are ifb devices, which have the same flags. */
function textsOf(name: string): NetTexts {
  const read = (file: keyof NetTexts) =>
    readFileSync(new URL(`${name}/${file}`, directory), 'utf8');
  const files = ['dev', 'igmp', 'if_inet6', 'route', 'ipv6_route'] as const;
  return Object.fromEntries(files.map((file) => [file, read(file)])) as NetTexts;
}

/** What stands in for an interface that cannot be captured, where the others are captured. */
const cases: readonly (readonly [
  namespace: string,
  listed: readonly string[],
  instead: string,
  expected: string | undefined,
])[] = [
  ['kubevirt-bridge', ['eth0'], 'eth0', 'eth0-nic'],
  ['kubevirt-bridge', ['net1', 'eth0'], 'eth0', 'eth0-nic'],
  ['kubevirt-secondary', ['pod16477688c0e'], 'pod16477688c0e', '16477688c0e-nic'],
  ['kubevirt-secondary', ['eth0', '16477688c0e-nic'], 'pod16477688c0e', undefined],
  ['kubevirt-renamed', ['eth0'], 'eth0', '37a8eec1ce1-nic'],
  // By an address, although the default route is elsewhere.
  ['subnet', ['eth0'], 'eth0', 'vpc0'],
  ['subnet', ['eth0', 'wan0'], 'eth0', 'vpc0'],
  ['subnet', ['eth0', 'vpc0'], 'eth0', undefined],
  ['ipv6-only', ['eth0'], 'eth0', 'vpc0'],
  // By the default route of the lowest metric, since the address is on what is down.
  ['gateway', ['eth0'], 'eth0', 'vpc1'],
  ['one', ['eth0'], 'eth0', 'vpc0'],
  ['in-use', ['eth0'], 'eth0', 'vpc0'],
  ['ambiguous', ['eth0'], 'eth0', undefined],
  ['none', ['eth0'], 'eth0', undefined],
  // The pod is not in that network, or the network is down: nothing else is that network.
  ['plain', ['net1'], 'net1', undefined],
  ['secondary-down', ['eth0', 'net1'], 'net1', undefined],
  ['secondary-down', ['net1'], 'net1', undefined],
  ['one', ['net1'], 'net1', undefined],
];

for (const [namespace, listed, instead, expected] of cases) {
  test(`${namespace}, IFACE=${listed.join()}: for ${instead} stands ${expected ?? 'nothing'}`, () => {
    const where = { ips: IPS, taken: new Set(listed) };
    assert.equal(standInFor(instead, textsOf(namespace), where), expected);
  });
}

test('the loopback stands in for no interface, even if it is up and has an address', () => {
  const ips = ['127.0.0.1', '::1'];
  for (const namespace of readdirSync(directory)) {
    const found = standInFor('eth0', textsOf(namespace), { ips, taken: new Set(['eth0']) });
    assert.notEqual(found, 'lo', namespace);
  }
});

test('all interfaces are found, and which of them are up', () => {
  const found = readdirSync(directory).map((name) => {
    const { dev, igmp } = textsOf(name);
    const up = linksIn(igmp);
    const all = interfacesIn(dev).map((each) => (up.has(each) ? each : `${each} (down)`));
    return `${name}: ${all.join(', ')}`;
  });
  assert.deepEqual(found, [
    'ambiguous: lo, eth0 (down), vpc0, vpc1',
    'gateway: lo, eth0 (down), vpc0, vpc1',
    'in-use: lo, eth0 (down), vpc0, vpc1',
    'ipv6-only: lo, vpc0, wan0',
    'kubevirt-bridge: lo, eth0-nic, k6t-eth0, tap0, eth0 (down)',
    'kubevirt-masquerade: lo, eth0, k6t-eth0, tap0',
    'kubevirt-renamed: lo, 37a8eec1ce1-nic, k6t-37a8eec1ce1, tap0, eth0 (down)',
    'kubevirt-secondary: lo, eth0, 16477688c0e-nic, k6t-16477688c0e, tap16477688c0e, pod16477688c0e (down)',
    'multus: lo, eth0, net1',
    'none: lo',
    'one: lo, vpc0',
    'plain: lo, eth0',
    'secondary-down: lo, eth0, net1 (down)',
    'subnet: lo, eth0 (down), vpc0, wan0',
  ]);
});

test('each that is up has an index of its own', () => {
  assert.deepEqual([...linksIn(textsOf('multus').igmp).keys()], ['lo', 'eth0', 'net1']);
  const indexes = [...linksIn(textsOf('kubevirt-bridge').igmp).values()];
  assert.equal(new Set(indexes).size, indexes.length);
  assert.ok(indexes.every((index) => index > 0));
});

test('of a process that has gone no interface is found, and none stands in', (t) => {
  const texts = readNetTexts(new ProcTree(t).path, 7);
  assert.deepEqual(Object.values(texts), ['', '', '', '', '']);
  assert.equal(standInFor('eth0', texts, { ips: IPS, taken: new Set() }), undefined);
});
