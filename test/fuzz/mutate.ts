import type { Random } from '../lab/random.ts';

/** Pieces that programs have stumbled over. */
const TOKENS = [
  ...Array.from('\0\n\r\t \\"{}[],=:%`\u2028\u202e\ufeff\xff'),
  '$(id)',
  '../../etc',
  '__proto__',
  'constructor',
  'NaN',
  'Infinity',
  '-1',
  '0x10',
  '1e999',
  '9007199254740993',
  '18446744073709551616',
  '::ffff:1.2.3.4',
  'fe80::1%eth0',
  '/33',
  '=>',
  '<=',
  '====================',
  '&a',
  '*a',
  '\ud83d\udca9',
  '\r\n',
  '\r\n\r\n',
];
const LONG = 20_000;
/** An input does not grow for ever. */
const MOST = 256 * 1024;

/** Bytes with one to five changes. */
export function mutateBytes(input: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(input);
  for (let left = 1 + random.below(5); left > 0; left -= 1) {
    const at = random.below(bytes.length + 1);
    const to = Math.min(bytes.length, at + random.below(1 + random.of([1, 8, 100, 4000])));
    const [head, part, tail] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
    const middle = changed(part, random.of(others), random);
    bytes = Buffer.concat([head, middle, tail]).subarray(0, MOST);
  }
  return bytes;
}

function changed(part: Buffer, other: Buffer, random: Random): Uint8Array {
  switch (random.below(7)) {
    case 0: {
      const flipped = Buffer.from(part);
      if (flipped[0] !== undefined) flipped[0] ^= 1 << random.below(8);
      return flipped;
    }
    case 1:
      return Buffer.of(random.below(256));
    case 2:
      return Buffer.alloc(0);
    case 3:
      return Buffer.concat([part, part]);
    case 4:
      return Buffer.concat([part, Buffer.from(random.of(TOKENS))]);
    case 5: {
      const from = random.below(other.length + 1);
      return other.subarray(from, from + random.below(400));
    }
    default:
      return Buffer.alloc(random.below(50) === 0 ? LONG : random.below(60), random.of(TOKENS));
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON text in which one to five nodes are gone, of another type, or something else. */
export function mutateJson(input: Buffer, random: Random): Buffer {
  let value: Json;
  try {
    value = JSON.parse(input.toString()) as Json;
  } catch {
    return input;
  }
  for (let left = 1 + random.below(5); left > 0; left -= 1) value = change(value, random);
  return Buffer.from(JSON.stringify(value));
}

function change(value: Json, random: Random): Json {
  const inner = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  if (inner.length === 0 || random.below(8) === 0) return replaced(value, random);
  const [name] = random.of(inner);
  const entries = inner.flatMap(([key, each]): [string, Json][] => {
    if (key !== name) return [[key, each]];
    const what = random.below(12);
    if (what === 0) return [];
    if (what === 1)
      return [
        [key, each],
        [random.of(TOKENS), each],
      ];
    return [[key, change(each, random)]];
  });
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

function replaced(value: Json, random: Random): Json {
  return random.of<() => Json>([
    () => null,
    () => random.of([true, false]),
    () => random.of([0, -1, 1e308, 2 ** 53, 0.1]),
    () => random.of(TOKENS),
    () => `${JSON.stringify(value)}${random.of(TOKENS)}`,
    () => 'x'.repeat(random.of([64, 254, 318, LONG])),
    () => [value, value],
    () => ({ value }),
    () => JSON.parse(`{"__proto__":{"polluted":"yes"},"x":${JSON.stringify(value)}}`) as Json,
    () => JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as Json,
  ])();
}
