import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseFrame } from '../../lib/iftop/parse.ts';
import { MOST_BYTES } from '../../lib/iftop/units.ts';
import { real } from './captures.ts';

const frames = real.flatMap(({ name, frames }) => (name === 'pairs-1200' ? [] : frames));
/** Two lines of a pair, each with this as its rate of the last slot. */
function pair(rate: string): string[] {
  return [`   1 10.0.0.1  =>  ${rate}  0B  0B  0B`, `     10.0.0.2  <=  ${rate}  0B  0B  0B`];
}

function sumOf(lines: readonly string[] = []): number {
  const { flows } = parseFrame(lines);
  return flows.reduce((sum, { sent, received }) => sum + sent.bytes + received.bytes, 0);
}

test('a frame from which lines are missing pairs no address with another one’s partner', () => {
  const partners = new Set(
    frames.flatMap((lines) =>
      parseFrame(lines).flows.map((flow) => `${flow.local} ${flow.remote}`),
    ),
  );
  const holes = fc.constantFrom(...frames).chain((lines) => {
    const broken = fc.array(fc.boolean(), { minLength: lines.length, maxLength: lines.length });
    return broken.map((flags) =>
      lines.map((line, at) => (flags[at] ? line.replaceAll('=', '#') : line)),
    );
  });
  fc.assert(
    fc.property(holes, (lines) => {
      for (const { local, remote } of parseFrame(lines).flows) {
        assert.ok(partners.has(`${local} ${remote}`), `${local} ${remote}`);
      }
    }),
    { numRuns: 1000 },
  );
});

test('halves of two pairs with unreadable lines between them are no pair', () => {
  const frame = parseFrame([
    '   1 10.0.0.1                                 =>       100B       100B       100B       200B',
    '     10.0.0.#                                 <=       100B       100B       100B       200B',
    '   2 10.0.0.#                                 =>       500B       500B       500B     1.00KB',
    '     10.0.0.4                                 <=       500B       500B       500B     1.00KB',
  ]);
  assert.deepEqual(frame.flows, []);
  assert.equal(frame.unparsed, 4);
});

test('what iftop cannot print, or no interface can carry, is not read, neither of a pair nor in total', () => {
  const liar = '99999999999999999999GB';
  const totals = ['1.00KB', liar].map((rate) => `Total send rate:  ${rate}  0B  0B`);
  const frame = parseFrame([...pair(liar), ...pair('1.00KB'), ...totals]);
  assert.equal(frame.unparsed, 3);
  assert.equal(frame.flows.length, 1);
  assert.deepEqual(frame.total.sent, { bytes: 2048, slack: 10.24 });
});

test('pairs that are too much together are not read, smaller ones behind them are', () => {
  const lines = [...pair('400GB'), ...pair('400GB'), ...pair('100GB'), ...pair('100GB')];
  const { flows, unparsed } = parseFrame(lines);
  assert.deepEqual(
    flows.map(({ sent }) => sent.bytes / 1024 ** 3),
    [800, 200],
  );
  assert.equal(unparsed, 4);
  assert.ok(sumOf(lines) <= MOST_BYTES);
});

test('the order of the pairs changes no sum', () => {
  const pairs = frames.map((lines) => lines.filter((line) => /[=<][>=] /.test(line)));
  const permuted = fc.constantFrom(...pairs).chain((lines) => {
    const couples = Array.from({ length: lines.length / 2 }, (_, at) =>
      lines.slice(2 * at, 2 * at + 2),
    );
    return fc
      .shuffledSubarray(couples, { minLength: couples.length })
      .map((other) => [lines, other.flat()]);
  });
  fc.assert(
    fc.property(permuted, ([one, other]) => {
      assert.ok(Math.abs(sumOf(one) - sumOf(other)) <= 1e-9 * sumOf(one));
    }),
  );
});
