import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonical, canonicalSet, externalNetwork, ranges } from '../../lib/kubernetes/address.ts';

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

test('ranges of both families are told apart, and one that cannot be read is left out', () => {
  const within = ranges(['10.244.0.0/24', 'fd00:1::/64', 'None', '10.0.0.1', '']);
  const inside = ['10.244.0.0', '10.244.0.255', 'fd00:1::ffff'];
  const outside = ['10.244.1.0', 'fd00:1:0:1::', '::ffff:10.244.0.1', '10.0.0.1'];
  assert.deepEqual([...inside, ...outside].filter(within), inside);
});
