import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';
import { complaints } from '../soak/verdict.ts';

test('a soak of some seconds finds what it looks for, and nothing to complain about', async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { rests, books } = await soak({ seconds: 8, rest: 1, pods: 6, seed: 1, say });
  assert.ok(rests.end.descriptors > 6 && rests.end.heap > 1e6 && rests.end.memory > rests.end.heap);
  assert.ok(books.residents.kernel > 100_000 && books.guests.pods > 3);
  // So short a time says nothing about growth.
  const { end } = rests;
  assert.deepEqual(complaints({ start: end, middle: end, end }, books), []);
});
