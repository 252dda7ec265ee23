import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { missing, uncounted } from '../../lib/accounting/missing.ts';
import { COUNTED, kernels, NOTHING, someBytes } from './making.ts';

const DIRECTIONS = ['sent', 'received'] as const;

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

test('a surplus that was received does not hide what is missing of the sent bytes', () => {
  const kernel = { sent: 200e6, received: 0, sentPackets: 1, receivedPackets: 0 };
  const attributed = { sent: 100e6, received: 100e6 };
  const window = { kernel, uncaptured: { sent: 30e6, received: 0 }, paused: undefined };
  assert.deepEqual(missing({ ...window, overloaded: false }, attributed), {
    uncaptured: 30e6,
    overload: 0,
    paused: 0,
    other: 70e6,
  });
});

test('what was received while nothing captured is no reason why sent bytes are missing', () => {
  const kernel = { sent: 1000, received: 500, sentPackets: 1, receivedPackets: 1 };
  const uncaptured = { sent: 100, received: 300 };
  const window = { kernel, uncaptured, paused: undefined, overloaded: false };
  const of = (received: number) => missing(window, { sent: 600, received });
  assert.deepEqual(of(500), { uncaptured: 100, overload: 0, paused: 0, other: 300 });
  assert.deepEqual(of(200), { uncaptured: 400, overload: 0, paused: 0, other: 300 });
});

const kernel = { sent: 1000, received: 0, sentPackets: 1, receivedPackets: 0 };
const attributed = { sent: 400, received: 0 };
const unpaused = { uncaptured: { sent: 500, received: 0 }, paused: undefined };

test('what passed while nothing captured comes first, what else is missing has no name', () => {
  const window = { kernel, ...unpaused, overloaded: false };
  assert.deepEqual(missing(window, attributed), {
    uncaptured: 500,
    overload: 0,
    paused: 0,
    other: 100,
  });
});

test('of a source that was at its limits everything is missing for that', () => {
  const window = { kernel, ...unpaused, overloaded: true };
  assert.deepEqual(missing(window, attributed), {
    uncaptured: 0,
    overload: 600,
    paused: 0,
    other: 0,
  });
});

test('without the kernel’s count nothing is known to be missing, and nothing is known not to be counted', () => {
  const some = { sent: 500, received: 50 };
  const window = { kernel: undefined, uncaptured: some, overloaded: true, paused: some };
  assert.deepEqual(missing(window, attributed), {
    uncaptured: 0,
    overload: 0,
    paused: 0,
    other: 0,
  });
  const miscounted = { sent: true, received: true };
  assert.deepEqual(uncounted({ kernel: undefined, miscounted }, attributed), NOTHING);
});

test('what rows have more than counters that count is measuring error', () => {
  const more = { sent: 1001, received: 5 };
  assert.deepEqual(uncounted({ kernel, miscounted: COUNTED }, more), NOTHING);
});

test('what passed in a pause goes before all other reasons, of which one may hold as well', () => {
  const [uncaptured, paused] = [100, 400].map((sent) => ({ sent, received: 0 }));
  const window = { kernel, uncaptured: uncaptured ?? NOTHING, paused };
  const calm = { uncaptured: 100, overload: 0, paused: 400, other: 100 };
  assert.deepEqual(missing({ ...window, overloaded: false }, attributed), calm);
  const overload = { uncaptured: 0, overload: 200, paused: 400, other: 0 };
  assert.deepEqual(missing({ ...window, overloaded: true }, attributed), overload);
});
