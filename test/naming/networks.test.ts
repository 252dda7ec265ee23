import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { parseNetworks } from '../../lib/naming/networks.ts';

/** The networks of a text as it has them, and its mistakes as `line: message`. */
function read(text: string): { networks: { [cidr: string]: string }; mistakes: string[] } {
  const { networks, mistakes } = parseNetworks(text);
  return {
    networks: Object.fromEntries(
      [...networks.entries.values()].map(({ cidr, value }) => [cidr, value.name]),
    ),
    mistakes: mistakes.map(({ line, message }) => `${line}: ${message}`),
  };
}

test('names have lists of networks of both families, or a single one; hosts are networks too', () => {
  const text = `# who is who
office:
  - 192.0.2.0/24
  - 2001:db8:1::/48
partner: 198.51.100.0/24
printer: [192.0.2.7, "2001:DB8:1::7"]
nobody: []
`;
  assert.deepEqual(read(text), {
    networks: {
      '192.0.2.0/24': 'office',
      '2001:db8:1::/48': 'office',
      '198.51.100.0/24': 'partner',
      '192.0.2.7/32': 'printer',
      '2001:db8:1::7/128': 'printer',
    },
    mistakes: [],
  });
  assert.equal(parseNetworks(text).networks.match('192.0.2.7')?.value.name, 'printer');
  assert.equal(parseNetworks(text).networks.match('192.0.2.8')?.value.name, 'office');
});

test('a network may say what way it is to it, or in which zone or region of ours it is', () => {
  const text = `vpn: {cidrs: 192.0.2.0/24, scope: private}
mirror: {cidrs: [10.1.0.0/16, "fd00::/64"], scope: internet}
database:
  cidrs:
    - 10.0.8.0/24
  zone: eu-1a
  region: eu-1
`;
  const { networks, mistakes } = parseNetworks(text);
  assert.deepEqual(mistakes, []);
  const of = (address: string) => networks.match(address)?.value;
  assert.deepEqual(of('192.0.2.1'), { name: 'vpn', scope: 'private' });
  assert.deepEqual(of('fd00::1'), { name: 'mirror', scope: 'internet' });
  assert.deepEqual(of('10.0.8.1'), { name: 'database', zone: 'eu-1a', region: 'eu-1' });
});

test('a name is text, whatever YAML makes of such a word elsewhere', () => {
  const text =
    'no: 192.0.2.1\n65536: 192.0.2.2\n1e3: 192.0.2.3\nnull: 192.0.2.4\nB\u00fcro 1: 192.0.2.5';
  const names = Object.values(read(text).networks);
  assert.deepEqual(names, ['no', '65536', '1e3', 'null', 'B\u00fcro 1']);
});

test('a network that a name has twice is no mistake', () => {
  const { networks, mistakes } = read('a: [192.0.2.0/24, 192.0.2.0/24]');
  assert.deepEqual([networks, mistakes], [{ '192.0.2.0/24': 'a' }, []]);
});

/** After two right lines: what is wrong, on what line, and what is said. */
const wrong: readonly [what: string, text: string, line: number, said: RegExp][] = [
  ['no CIDR', 'c: 300.0.0.0/8', 3, /"300\.0\.0\.0\/8" is no CIDR/],
  ['no CIDR in a list', 'c:\n  - 203.0.113.1\n  - example.com', 5, /"example\.com" is no CIDR/],
  ['a prefix that is too long', 'c: 192.0.2.0/33', 3, /"192\.0\.2\.0\/33" is no CIDR/],
  ['bits behind the prefix', 'c: 10.1.2.3/8', 3, /10\.1\.2\.3\/8 has .* is 10\.0\.0\.0\/8 meant/],
  ['bits of IPv6', 'c: 2001:db8:1::1/48', 3, /is 2001:db8:1::\/48 meant/],
  ['a network of another name', 'c: 192.0.2.0/24', 3, /192\.0\.2\.0\/24 is "a" already, by line 1/],
  ['the same, spelled otherwise', 'c: 2001:DB8:0::/48', 3, /2001:db8::\/48 is "b" .* line 2/],
  ['a name that is there twice', 'a: []', 3, /the name "a" is there already, on line 1/],
  ['an empty name', '"": 203.0.113.0/24', 3, /name must be text that is not empty/],
  ['a blank name', '" ": 203.0.113.0/24', 3, /name must be text that is not empty/],
  ['a name that is a list', '? [x]\n: 203.0.113.0/24', 3, /name must be text/],
  ['control characters in a name', '"x\\ty": 203.0.113.0/24', 3, /"x\\ty" has control characters/],
  ['a name without networks', 'c:', 3, /"c" must have a list of CIDRs/],
  ['a mapping of something else', 'c: {from: 10.0.0.0}', 3, /"c" may have cidrs, scope, zone and/],
  [
    'a key that is there twice',
    'c: {cidrs: 10.9.0.0/16, cidrs: 10.8.0.0/16}',
    3,
    /"c" has cidrs twice/,
  ],
  ['a mapping without CIDRs', 'c: {zone: a}', 3, /"c" must have a list of CIDRs/],
  [
    'another scope',
    'c:\n  cidrs: 10.9.0.0/16\n  scope: near',
    5,
    /scope of "c" must be internet or/,
  ],
  [
    'a zone that is none',
    'c: {cidrs: 10.9.0.0/16, zone: "a b"}',
    3,
    /zone of "c" must be one of topology/,
  ],
  [
    'an empty region',
    'c: {cidrs: 10.9.0.0/16, region: ""}',
    3,
    /region of "c" must be one of topology/,
  ],
  [
    'a place and a scope',
    'c: {cidrs: 10.9.0.0/16, zone: a, scope: private}',
    3,
    /and so no zone or region/,
  ],
  ['a list in a list', 'c:\n  - [203.0.113.0/24]', 4, /"c" must have a list of CIDRs/],
  ['an alias', 'c:\n  - *x', 4, /"c" must have a list of CIDRs|[Aa]lias/],
  ['a tab as indentation', 'c:\n\t- 203.0.113.0/24', 4, /[Tt]abs/],
  ['a quote that does not end', 'c: "203.0.113.0/24', 4, /quote/],
  ['a second document', '---\nc: 203.0.113.0/24', 3, /multiple documents/],
];

for (const [what, text, line, said] of wrong) {
  test(`${what}: told with its line, and the rest counts`, () => {
    const { networks, mistakes } = read(`a: 192.0.2.0/24\nb: 2001:db8::/48\n${text}\n`);
    assert.equal(networks['192.0.2.0/24'], 'a');
    assert.equal(networks['2001:db8::/48'], 'b');
    assert.ok(
      mistakes.some((mistake) => mistake.startsWith(`${line}: `) && said.test(mistake)),
      mistakes.join('\n'),
    );
  });
}

test('all mistakes are told, by line, and what is right behind them counts', () => {
  const { networks, mistakes } = read(
    'a:\n  - x\n  - 192.0.2.0/24\na: 198.51.100.0/24\n"": []\nb: [203.0.113.1/24, 203.0.113.1]\n',
  );
  assert.deepEqual(networks, {
    '192.0.2.0/24': 'a',
    '198.51.100.0/24': 'a',
    '203.0.113.1/32': 'b',
  });
  assert.deepEqual(
    mistakes.map((mistake) => mistake.slice(0, 2)),
    ['2:', '4:', '5:', '6:'],
  );
});

test('lines are counted with any line ends, and behind a byte order mark', () => {
  assert.match(read('\uFEFFa: []\r\n\r\nb: x\r\n').mistakes.join(), /^3: "x" is no CIDR[^\n]*$/);
});

for (const text of ['- 192.0.2.0/24', 'networks', '"a: 192.0.2.0/24"', '*a']) {
  test(`a file that is ${JSON.stringify(text)} is no mapping`, () => {
    assert.match(read(text).mistakes.join(), /must be a mapping of names to lists of CIDRs/);
  });
}

test('an empty file is a mistake, since it may be half written; an empty mapping is none', () => {
  for (const text of ['', '\n', '# nothing\n']) {
    assert.match(read(text).mistakes.join(), /1: the file is empty/);
  }
  assert.deepEqual(read('{}').mistakes, []);
});

test("the documentation's example is right, and its names are those that it promises", () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const [, example = ''] =
    /^## Names for outside networks[^]*?^```yaml\n([^]*?)^```/m.exec(page) ?? [];
  const { networks, mistakes } = parseNetworks(example);
  assert.deepEqual(mistakes, []);
  const asked = ['192.0.2.9', '198.51.100.20', '198.51.100.21', '2001:db8:2::20', '2001:db8:3::1'];
  assert.deepEqual(
    asked.map((address) => networks.match(address)?.value.name),
    ['office', 'partner-api', 'partner', 'partner-api', 'internet'],
  );
});

test('what is written comes back, whatever the names', () => {
  const names = fc
    .string({ minLength: 1, unit: 'grapheme' })
    .filter((name) => /^[^\p{C}]*\P{Z}[^\p{C}]*$/u.test(name));
  const lists = fc.array(fc.nat(0xffff), { maxLength: 5 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, lists), { selector: ([name]) => name }), (given) => {
      const expected = new Map<string, string>();
      const entries = given.map(([name, numbers]): [string, string[]] => {
        const cidrs = numbers.map((n) => `10.${n >> 8}.${n & 255}.0/24`);
        const own = cidrs.filter((cidr) => (expected.get(cidr) ?? name) === name);
        for (const cidr of own) expected.set(cidr, name);
        return [name, own];
      });
      const { networks, mistakes } = parseNetworks(stringify(new Map(entries)));
      assert.deepEqual(mistakes, []);
      assert.deepEqual(
        new Map([...networks.entries.values()].map(({ cidr, value }) => [cidr, value.name])),
        expected,
      );
    }),
  );
});

test('no text throws, and every mistake has a line of it', () => {
  const bits = 'a"\': \n\t[]{}|>%#,\0\uD800'.split('');
  const more = ['\r\n', '- ', '? ', '&a ', '*a', '!!x ', '---', '...', '192.0.2.0/24', '::/0'];
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...bits, ...more), { maxLength: 60 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const lines = text.split('\n').length;
      for (const { line, message } of parseNetworks(text).mistakes) {
        assert.ok(line >= 1 && line <= lines && message !== '', `${line} of ${lines}: ${message}`);
      }
    }),
    { numRuns: 1000 },
  );
});

for (const part of ['[', '{a: ', 'a: ', '- ', '? ', '&a [*a, ']) {
  test(`${JSON.stringify(part)} ten thousand times is a mistake, not the end`, () => {
    assert.notDeepEqual(parseNetworks(part.repeat(10_000)).mistakes, []);
  });
}
