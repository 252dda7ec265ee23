import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { missing } from '../../lib/flows/missing.ts';
import { kernels, someBytes } from './making.ts';

test('the reasons add up to what the kernel has and the rows have not, or to nothing', () => {
  const books = fc.record({
    kernel: kernels,
    uncaptured: fc.nat(),
    overloaded: fc.boolean(),
    paused: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(books, someBytes, (books, attributed) => {
      const parts = Object.values(missing(books, attributed));
      const { sent, received } = books.kernel;
      const apart = sent + received - attributed.sent - attributed.received;
      assert.equal(
        parts.reduce((sum, bytes) => sum + bytes, 0),
        Math.max(0, apart),
      );
      assert.ok(parts.every((bytes) => bytes >= 0));
    }),
  );
});

const kernel = { sent: 1000, received: 0, sentPackets: 1, receivedPackets: 0 };
const attributed = { sent: 400, received: 0 };
const unpaused = { uncaptured: 500, paused: undefined };

test('what passed while nothing captured comes first, what else is missing has no name', () => {
  const books = { kernel, ...unpaused, overloaded: false };
  assert.deepEqual(missing(books, attributed), {
    uncaptured: 500,
    overload: 0,
    paused: 0,
    other: 100,
  });
});

test('of a source that was at its limits everything is missing for that', () => {
  const books = { kernel, ...unpaused, overloaded: true };
  assert.deepEqual(missing(books, attributed), {
    uncaptured: 0,
    overload: 600,
    paused: 0,
    other: 0,
  });
});

test('without the kernel’s count nothing is known to be missing', () => {
  const books = { kernel: undefined, uncaptured: 500, overloaded: true, paused: 50 };
  assert.deepEqual(missing(books, attributed), { uncaptured: 0, overload: 0, paused: 0, other: 0 });
});

test('what passed in a pause goes before all other reasons, of which one may hold as well', () => {
  const books = { kernel, uncaptured: 100, paused: 400 };
  const calm = { uncaptured: 100, overload: 0, paused: 400, other: 100 };
  assert.deepEqual(missing({ ...books, overloaded: false }, attributed), calm);
  const strained = { uncaptured: 0, overload: 200, paused: 400, other: 0 };
  assert.deepEqual(missing({ ...books, overloaded: true }, attributed), strained);
});
