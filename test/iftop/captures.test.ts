import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFrame } from '../../lib/iftop/parse.ts';
import type { Amount } from '../../lib/model.ts';
import { captures, real } from './captures.ts';

const DIRECTIONS = ['sent', 'received'] as const;

for (const { name, frames, expected } of captures) {
  test(`${name}: every frame is read as expected`, () => {
    assert.deepEqual(frames.map(parseFrame), expected);
  });
}

for (const { name, frames, kernel } of real) {
  test(`${name}: the totals are the kernel's count, but for rounding`, () => {
    const totals = frames.map((lines) => parseFrame(lines).total);
    for (const direction of DIRECTIONS) {
      assertWithin(kernel?.[direction], add(totals.map((total) => total[direction])));
    }
  });
}

for (const { name, frames, pairs } of real.filter(({ pairs }) => pairs.length > 0)) {
  const parsed = frames.map(parseFrame);
  if (parsed.some(({ unparsed }) => unparsed > 0)) continue;
  test(`${name}: every pair has the bytes that nftables counted, but for rounding`, () => {
    const flows = parsed.flatMap((frame) => frame.flows);
    for (const { local, remote, ...truth } of pairs) {
      const own = flows.filter((flow) => flow.local === local && flow.remote === remote);
      assert.notEqual(own.length, 0, `${local} ${remote}`);
      for (const direction of DIRECTIONS) {
        assertWithin(truth[direction], add(own.map((flow) => flow[direction])));
      }
    }
    const keys = new Set(flows.map(({ local, remote }) => `${local} ${remote}`));
    assert.equal(keys.size, pairs.length);
  });
}

test('more pairs than are listed are in the totals only', () => {
  const frame = captures.find(({ name }) => name === 'pairs-1200')?.expected[0];
  assert.equal(frame?.flows.length, 1000);
  const listed = add(frame.flows.map(({ sent }) => sent));
  assert.ok(frame.total.sent.bytes - frame.total.sent.slack > listed.bytes + listed.slack);
});

test('no address is taken from a line whose port has overwritten it', () => {
  const frames = captures
    .filter(({ name }) => name.startsWith('ports'))
    .flatMap(({ expected }) => expected);
  const addresses = frames.flatMap(({ flows }) =>
    flows.flatMap((flow) => [flow.local, flow.remote]),
  );
  assert.deepEqual(
    addresses.filter((address) => !/^(ff02::16|fe80:.*)$/.test(address)),
    [],
  );
  assert.ok(frames.every(({ unparsed }) => unparsed >= 4));
});

function add(amounts: readonly Amount[]): Amount {
  return amounts.reduce(
    (sum, { bytes, slack }) => ({ bytes: sum.bytes + bytes, slack: sum.slack + slack }),
    { bytes: 0, slack: 0 },
  );
}

function assertWithin(truth: number | undefined, { bytes, slack }: Amount): void {
  assert.ok(Math.abs((truth ?? NaN) - bytes) <= slack, `${truth} is not in ${bytes} ± ${slack}`);
}
