import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  canonical,
  canonicalSet,
  externalNetwork,
  firstAddresses,
  isPrivate,
  isUnicast,
} from '../../lib/ip-address.ts';

const spellings: readonly [given: string, canonical: string | undefined][] = [
  ['10.0.0.1', '10.0.0.1'],
  ['255.255.255.255', '255.255.255.255'],
  ['FD77::A', 'fd77::a'],
  ['fd77:0:0:0:0:0:0:a', 'fd77::a'],
  ['fd77:0000:0000:0000:0000:0000:0000:000a', 'fd77::a'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::', '::'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::1%5', 'fe80::1'],
  ['', undefined],
  ['None', undefined],
  ['vm', undefined],
  ['10.0.0.0/24', undefined],
  [' 10.0.0.1', undefined],
  ['10.0.0', undefined],
  ['10', undefined],
  ['0x0a000001', undefined],
  ['168430081', undefined],
  ['010.0.0.1', undefined],
  ['10.0.0.256', undefined],
  ['fd77::1::2', undefined],
  ['%eth0', undefined],
];

for (const [given, expected] of spellings) {
  test(`"${given}" is ${expected ?? 'no address'}`, () => {
    assert.equal(canonical(given), expected);
  });
}

test('every spelling of an address has the same canonical one, as short as a URL has it', () => {
  const sixes = fc.ipV6().filter((address) => !address.includes('.'));
  fc.assert(
    fc.property(sixes, (address) => {
      const spelling = canonical(address) ?? '';
      assert.equal(`[${spelling}]`, new URL(`http://[${address}]`).hostname);
      assert.equal(canonical(spelling.toUpperCase()), spelling);
    }),
  );
  fc.assert(fc.property(fc.ipV4(), (address) => canonical(address) === address));
});

test('no text throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.ok(isIP(canonical(text) ?? '::') > 0);
    }),
  );
});

test('of several spellings one address is left', () => {
  assert.deepEqual(
    canonicalSet(['fd77::A', undefined, 'None', 'fd77:0::a', '10.0.0.1', '10.0.0.1']),
    ['fd77::a', '10.0.0.1'],
  );
});

const networks: readonly [address: string, network: string][] = [
  ['93.184.216.34', '93.184.216.0/24'],
  ['192.168.7.255', '192.168.7.0/24'],
  ['2001:db8:12:3456::1', '2001:db8:12::/48'],
  ['2a00:1450::1', '2a00:1450::/48'],
  ['::ffff:93.184.216.34', '93.184.216.0/24'],
  ['224.0.0.251', 'multicast'],
  ['ff02::fb', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['127.0.0.1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
];

for (const [address, network] of networks) {
  test(`${address} outside the cluster is called ${network}`, () => {
    assert.equal(externalNetwork(address), network);
  });
}

const firsts: readonly [cidr: string, addresses: string[]][] = [
  ['10.244.1.0/24', ['10.244.1.0', '10.244.1.1']],
  ['10.244.1.77/24', ['10.244.1.0', '10.244.1.1']],
  ['fd00:1::/64', ['fd00:1::', 'fd00:1::1']],
  ['10.244.1.7/32', []],
  ['10.244.1.6/31', []],
  ['None', []],
  ['', []],
];

for (const [cidr, addresses] of firsts) {
  test(`the first addresses of "${cidr}" are ${addresses.join(' and ') || 'none'}`, () => {
    assert.deepEqual(firstAddresses(cidr), addresses);
  });
}

test('the places of a network are those that it has but for the last', () => {
  assert.deepEqual(firstAddresses('10.128.2.0/23', [1, 2, 3]), [
    '10.128.2.1',
    '10.128.2.2',
    '10.128.2.3',
  ]);
  assert.deepEqual(firstAddresses('192.0.2.252/30', [1, 2, 3]), ['192.0.2.253', '192.0.2.254']);
  assert.deepEqual(firstAddresses('fd01:0:0:2::/64', [2]), ['fd01:0:0:2::2']);
});

for (const [ip, unicast, forPrivateUse] of [
  ['10.244.1.1', true, true],
  ['100.64.0.1', true, true],
  ['fd00::1', true, true],
  ['8.8.8.8', true, false],
  ['169.254.5.9', false, false],
  ['fe80::1', false, false],
  ['127.0.0.1', false, false],
  ['0.0.0.0', false, false],
  ['224.0.0.1', false, false],
] as const) {
  test(`${ip}: one host's on any link ${unicast}, for private use ${forPrivateUse}`, () => {
    assert.deepEqual([isUnicast(ip), isPrivate(ip)], [unicast, forPrivateUse]);
  });
}
