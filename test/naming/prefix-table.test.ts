import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonical } from '../../lib/ip-address.ts';
import { parsePrefix, PrefixTable } from '../../lib/prefix-table.ts';

function tableOf(networks: { readonly [cidr: string]: string }): PrefixTable<string> {
  const table = new PrefixTable<string>();
  for (const [cidr, value] of Object.entries(networks)) assert.ok(table.set(cidr, value), cidr);
  return table;
}

const nested = tableOf({
  '0.0.0.0/0': 'all of 4',
  '10.0.0.0/8': 'ten',
  '10.1.0.0/16': 'ten one',
  '10.1.2.3': 'a host',
  '::/0': 'all of 6',
  '2001:db8::/32': 'documentation',
  '2001:db8:8000::/33': 'its upper half',
  '2001:db8::1': 'a host of 6',
});

const named: readonly [address: string, cidr: string, value: string][] = [
  ['192.0.2.1', '0.0.0.0/0', 'all of 4'],
  ['0.0.0.0', '0.0.0.0/0', 'all of 4'],
  ['10.0.0.0', '10.0.0.0/8', 'ten'],
  ['10.255.255.255', '10.0.0.0/8', 'ten'],
  ['11.0.0.0', '0.0.0.0/0', 'all of 4'],
  ['10.1.2.2', '10.1.0.0/16', 'ten one'],
  ['10.1.2.3', '10.1.2.3/32', 'a host'],
  ['::ffff:10.1.2.3', '10.1.2.3/32', 'a host'],
  ['::ffff:c000:201', '0.0.0.0/0', 'all of 4'],
  ['::', '::/0', 'all of 6'],
  ['2001:db8::1', '2001:db8::1/128', 'a host of 6'],
  ['2001:db8:7fff:ffff::', '2001:db8::/32', 'documentation'],
  ['2001:db8:8000::', '2001:db8:8000::/33', 'its upper half'],
  ['2001:db9::', '::/0', 'all of 6'],
];

for (const [address, cidr, value] of named) {
  test(`${address} is in ${cidr}`, () => {
    assert.deepEqual(nested.match(address), { cidr, value });
  });
}

test('an address that no network has is in none, and neither is what is no address', () => {
  const table = tableOf({ '192.0.2.0/24': 'four' });
  for (const text of ['192.0.3.0', '::c000:201', 'c000::', '', 'None', '192.0.2', '192.0.2.1/32']) {
    assert.equal(table.match(text), undefined, text);
  }
  assert.equal(new PrefixTable().match('192.0.2.1'), undefined);
});

test('a network that is set again, however spelled, has the new value', () => {
  const table = tableOf({ '192.0.2.0/24': 'old', '2001:DB8:0::/48': 'old' });
  table.set('192.0.2.77/24', 'new');
  table.set('2001:db8::/48', 'new');
  assert.equal(table.size, 2);
  assert.equal(table.match('192.0.2.1')?.value, 'new');
  assert.deepEqual(table.match('2001:db8::1'), { cidr: '2001:db8::/48', value: 'new' });
});

const prefixes: readonly [text: string, cidr: string, exact: boolean][] = [
  ['192.0.2.0/24', '192.0.2.0/24', true],
  ['192.0.2.1/24', '192.0.2.0/24', false],
  ['192.0.2.1', '192.0.2.1/32', true],
  ['255.255.255.255/0', '0.0.0.0/0', false],
  ['2001:DB8:0:0::/32', '2001:db8::/32', true],
  ['2001:db8::1/127', '2001:db8::/127', false],
  ['2001:db8::1', '2001:db8::1/128', true],
  ['::ffff:192.0.2.0/120', '192.0.2.0/24', true],
  ['::ffff:0:0/96', '0.0.0.0/0', true],
];

for (const [text, cidr, exact] of prefixes) {
  test(`${text} is the network ${cidr}${exact ? '' : ', but for its last bits'}`, () => {
    const parsed = parsePrefix(text);
    assert.deepEqual([parsed?.cidr, parsed?.exact], [cidr, exact]);
  });
}

test('what is no CIDR is not set', () => {
  const table = new PrefixTable<string>();
  const texts = ['', '/', '/8', '10/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8'];
  const more = ['10.0.0.0/255.0.0.0', ' 10.0.0.0/8', '010.0.0.0/8', '::/129', 'fe80::%eth0/64'];
  const mapped = ['::ffff:0:0/95', '::ffff:10.0.0.0/129', 'None', '0x0a000000/8', '::g/8'];
  for (const text of [...texts, ...more, ...mapped]) {
    assert.equal(table.set(text, 'x'), false, text);
  }
  assert.equal(table.size, 0);
});

test('a table of the entries of another, sent to another thread, is like it', () => {
  const copy = new PrefixTable(structuredClone(nested.entries));
  for (const [address, cidr, value] of named) {
    assert.deepEqual(copy.match(address), { cidr, value });
  }
});

interface Address {
  readonly bits: 32 | 128;
  readonly number: bigint;
}

/** Addresses of few different parts, so that networks often lie within one another. */
const few = fc.constantFrom(0, 1, 128, 255);
const addresses: fc.Arbitrary<Address> = fc.oneof(
  fc.array(few, { minLength: 4, maxLength: 4 }).map((octets) => made(32, octets)),
  fc.array(few, { minLength: 16, maxLength: 16 }).map((octets) => made(128, [0x20, ...octets])),
);
const networks = addresses.chain((address) =>
  fc.record({ address: fc.constant(address), length: fc.nat(address.bits) }),
);

function made(bits: 32 | 128, octets: readonly number[]): Address {
  const number = octets.slice(0, bits / 8).reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  return { bits, number };
}

function spelled({ bits, number }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((at) => (number >> at) & 255n).join('.');
  return number.toString(16).padStart(32, '0').match(/..../g)?.join(':') ?? '';
}

function within(address: Address, network: Address, length: number): boolean {
  const shift = BigInt(network.bits - length);
  return address.bits === network.bits && address.number >> shift === network.number >> shift;
}

test('the match is that of a look at every network, whatever they are and in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(networks, { maxLength: 40 }),
      fc.array(addresses, { minLength: 1, maxLength: 20 }),
      (given, asked) => {
        const table = new PrefixTable<number>();
        given.forEach(({ address, length }, nth) =>
          assert.ok(table.set(`${spelled(address)}/${length}`, nth)),
        );
        for (const address of [...asked, ...given.map((each) => each.address)]) {
          const lengths = given.map((each) =>
            within(address, each.address, each.length) ? each.length : -1,
          );
          const longest = Math.max(-1, ...lengths);
          const found = table.match(canonical(spelled(address)) ?? '');
          assert.equal(found?.value ?? -1, longest < 0 ? -1 : lengths.lastIndexOf(longest));
          if (found) assert.ok(found.cidr.endsWith(`/${longest}`));
        }
      },
    ),
  );
});

test('no text throws', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[\da-f.:]{1,20}\/\d{1,3}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const table = new PrefixTable<string>();
      assert.equal(table.set(text, 'x'), parsePrefix(text) !== undefined);
      table.match(text);
    }),
  );
});
