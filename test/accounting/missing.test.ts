import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DIRECTIONS } from '../../lib/bytes.ts';
import { missing, uncounted } from '../../lib/accounting/missing.ts';
import { kernels, NOTHING, someBytes } from './making.ts';

const window = fc.record({
  kernel: kernels,
  miscounted: fc.record({ sent: fc.boolean(), received: fc.boolean() }),
  uncaptured: someBytes,
  overloaded: fc.boolean(),
  paused: fc.option(someBytes, { nil: undefined }),
});

test('the reasons add up to what the kernel has and the rows have not, in each direction', () => {
  fc.assert(
    fc.property(window, someBytes, (window, attributed) => {
      const parts = Object.values(missing(window, attributed));
      const apart = DIRECTIONS.map((of) => Math.max(0, window.kernel[of] - attributed[of]));
      assert.equal(
        parts.reduce((sum, bytes) => sum + bytes, 0),
        apart.reduce((sum, bytes) => sum + bytes, 0),
      );
      assert.ok(parts.every((bytes) => bytes >= 0));
    }),
  );
});

test('a direction that is miscounted has at least what is attributed, and changes nothing of the other', () => {
  fc.assert(
    fc.property(window, someBytes, someBytes, (window, attributed, other) => {
      const surplus = uncounted(window, attributed);
      for (const direction of DIRECTIONS) {
        const [counted, seen] = [window.kernel[direction], attributed[direction]];
        const total = counted + surplus[direction];
        assert.equal(total, window.miscounted[direction] ? Math.max(counted, seen) : counted);
      }
      // However much is received beyond the counters, of what was sent the same is missing.
      const { sent } = attributed;
      const received = window.kernel.received + other.received;
      const without = { ...window, kernel: { ...window.kernel, received: 0 } };
      assert.deepEqual(
        missing(window, { sent, received }),
        missing(without, { sent, received: 0 }),
      );
    }),
  );
});

const kernel = { sent: 1000, received: 0, sentPackets: 1, receivedPackets: 0 };
const sent = (bytes: number) => ({ sent: bytes, received: 0 });
const attributed = sent(400);

for (const [what, uncaptured, overloaded, paused, parts] of [
  ['what passed while nothing captured comes first', 500, false, undefined, [500, 0, 0, 100]],
  ['everything is missing for the limits of the source', 500, true, undefined, [0, 600, 0, 0]],
  ['what passed in a pause goes before all others', 100, false, 400, [100, 0, 400, 100]],
  ['a source may be paused and at its limits', 100, true, 400, [0, 200, 400, 0]],
] as const) {
  test(`of several reasons: ${what}`, () => {
    const pause = paused === undefined ? undefined : sent(paused);
    const window = { kernel, uncaptured: sent(uncaptured), overloaded, paused: pause };
    const found = missing(window, attributed);
    assert.deepEqual([found.uncaptured, found.overload, found.paused, found.other], parts);
  });
}

test('without the kernel’s count nothing is known to be missing, and nothing is known not to be counted', () => {
  const some = { sent: 500, received: 50 };
  const window = { kernel: undefined, uncaptured: some, overloaded: true, paused: some };
  assert.ok(Object.values(missing(window, attributed)).every((bytes) => bytes === 0));
  const miscounted = { sent: true, received: true };
  assert.deepEqual(uncounted({ kernel: undefined, miscounted }, attributed), NOTHING);
});
