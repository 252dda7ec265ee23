import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { missing } from '../../lib/flows/missing.ts';
import { kernels, someBytes } from './making.ts';

test('the reasons add up to what the kernel has and the rows have not, or to nothing', () => {
  const books = fc.record({ kernel: kernels, uncaptured: fc.nat(), overloaded: fc.boolean() });
  fc.assert(
    fc.property(books, someBytes, (books, attributed) => {
      const { uncaptured, overload, other } = missing(books, attributed);
      const { sent, received } = books.kernel;
      const apart = sent + received - attributed.sent - attributed.received;
      assert.equal(uncaptured + overload + other, Math.max(0, apart));
      assert.ok(uncaptured >= 0 && overload >= 0 && other >= 0);
    }),
  );
});

const kernel = { sent: 1000, received: 0, sentPackets: 1, receivedPackets: 0 };
const attributed = { sent: 400, received: 0 };

test('what passed while nothing captured comes first, what else is missing has no name', () => {
  const books = { kernel, uncaptured: 500, overloaded: false };
  assert.deepEqual(missing(books, attributed), { uncaptured: 500, overload: 0, other: 100 });
});

test('of a source that was at its limits everything is missing for that', () => {
  const books = { kernel, uncaptured: 500, overloaded: true };
  assert.deepEqual(missing(books, attributed), { uncaptured: 0, overload: 600, other: 0 });
});

test('without the kernel’s count nothing is known to be missing', () => {
  const books = { kernel: undefined, uncaptured: 500, overloaded: true };
  assert.deepEqual(missing(books, attributed), { uncaptured: 0, overload: 0, other: 0 });
});
