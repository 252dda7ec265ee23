import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';

test('a soak of some seconds sees what it looks for, no wrong name and no missing window', async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { rests, books } = await soak({ seconds: 8, rest: 1, pods: 6, seed: 1, say });
  assert.ok(rests.end.descriptors > 6 && rests.end.heap > 1e6 && rests.end.memory > rests.end.heap);
  assert.ok(books.residents.kernel > 100_000 && books.guests.pods > 3);
  assert.ok(books.residents.attributed > 0.8 * books.residents.kernel);
  // In so short a time a killed capture, or growth, says nothing.
  assert.deepEqual([books.wrong, books.gaps, books.rowsLost], [[], [], 0]);
});
