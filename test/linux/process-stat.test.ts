import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Stat, statOf } from '../../lib/linux/process-stat.ts';
import { procWith } from './recordings.ts';

const FIELDS =
  'S 1 7 7 0 -1 4194560 1 2 3 4 50 60 70 80 20 0 1 0 12345 4096000 1000 18446744073709551615 1';
const STAT: Stat = { cpu: 1.1, waitedFor: 1.5, started: 123.45 };

/** What is read of a process whose /proc/<pid>/stat this is. */
function read(context: TestContext, text: string): Stat | undefined {
  return statOf(procWith(context, { '7/stat': text }), 7);
}

test('a process may be called anything', (t) => {
  for (const name of ['iftop', '', ') R 9 9 9', 'a\nb) S 1 1', '7 (x)'])
    assert.deepEqual(read(t, `7 (${name}) ${FIELDS}\n`), STAT, name);
});

test('figures that are missing or none are no figures of a process', (t) => {
  for (const text of [
    '',
    '7 (a) S 1',
    FIELDS.replace('12345', 'x'),
    FIELDS.replace('50 60', '-1 0'),
  ])
    assert.equal(read(t, `7 (a) ${text}`), undefined, text);
  assert.equal(statOf('/nowhere', 7), undefined);
});
