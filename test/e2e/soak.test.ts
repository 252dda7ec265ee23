import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from '../soak/soak.ts';

const capture = process.env['LAB_CAPTURE'] === 'bpf' ? 'bpf' : 'iftop';

test('a soak of some seconds sees what it looks for, no wrong name and no missing window, and its rows add up', async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { rests, reconciliation } = await soak({
    seconds: 8,
    rest: 1,
    pods: 6,
    seed: 1,
    capture,
    say,
  });
  const { descriptors, heap, memory, capturesMemory } = rests.end;
  assert.ok(descriptors > 6 && heap > 1e6 && memory > heap && capturesMemory > 1e5);
  assert.equal(rests.end.bpfPrograms, capture === 'bpf' ? 6 : 0);
  assert.ok(reconciliation.residents.kernel > 100_000 && reconciliation.guests.pods > 3);
  // The end of the one helper of bpf costs all pods a second or more of these few.
  const least = capture === 'bpf' ? 0.2 : 0.8;
  assert.ok(reconciliation.residents.attributed > least * reconciliation.residents.kernel);
  // In so short a time a killed capture, or growth, says nothing.
  const { wrong, gaps, unbalanced, rowsLost } = reconciliation;
  assert.deepEqual([wrong, gaps, unbalanced, rowsLost], [[], [], [], 0]);
});
