import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconciled } from '../../lib/capture/reconciled.ts';
import type { KernelBytes } from '../../lib/model.ts';

const MB = 1_000_000;

/** Packets of 1000 bytes. */
function passed(sent: number): KernelBytes {
  return { sent, sentPackets: sent / 1000, received: 0, receivedPackets: 0 };
}

for (const [name, expected, least, most, result] of [
  ['between the readings the program is right', 10 * MB, 9 * MB, 11 * MB, 10 * MB],
  ['so it is if a few packets are on their way to it', 10 * MB, 10 * MB + 1000, 11 * MB, 10 * MB],
  ['or from it to the counters', 10 * MB, 9 * MB, 10 * MB - 1000, 10 * MB],
  ['at rest it is known to the byte what it has missed', 10 * MB, 12 * MB, 12 * MB, 12 * MB],
  [
    'a packet that was dropped behind it is no loss',
    10 * MB,
    10 * MB - 1000,
    10 * MB - 1000,
    10 * MB,
  ],
  ['what it misses under load is found', 10 * MB, 12 * MB, 13 * MB, 11.8 * MB],
  ['what the counters miss is found', 10 * MB, 0, MB, 1.2 * MB],
  ['what was passed stays passed', 10 * MB, 0, 0, 0.2 * MB],
] as const) {
  test(name, () => {
    const readings = { expected: passed(expected), least: passed(least), most: passed(most) };
    assert.equal(reconciled({ before: passed(0), ...readings }).sent, result);
    const before = passed(9.5 * MB);
    assert.ok(reconciled({ before, ...readings }).sent >= before.sent);
  });
}
