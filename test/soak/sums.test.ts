import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imbalanceOf, sumsOf } from './sums.ts';

const ROW = { time: 10, namespace: 'guests', pod: 'a', sentBytes: 700, receivedBytes: 300 };

test('the farthest and the poorest pod are found, also when they make up for each other', () => {
  const rows = new Map([
    ['guests/a', [ROW, { ...ROW, sentAttributed: 1000, receivedAttributed: 500 }]],
    ['guests/b', [{ ...ROW, pod: 'b', sentAttributed: 500, missingPaused: 500 }]],
  ]);
  const { counted, attributed, paused, farthest, poorest } = sumsOf(
    [
      { pod: 'guests/a', sent: 400, received: 600 },
      { pod: 'guests/b', sent: 1700, received: 300 },
    ],
    rows,
  );
  assert.deepEqual([counted, attributed, paused], [3000, 2000, 500]);
  assert.deepEqual([farthest, poorest], [1000, 0.5]);
});

test('a pod without rows is as far off as can be, and has nothing', () => {
  const { farthest, poorest } = sumsOf([{ pod: 'guests/a', sent: 400, received: 0 }], new Map());
  assert.deepEqual([farthest, poorest], [400, 0]);
});

for (const [title, row, isBalanced] of [
  ['its missing parts are what has no peers', { sentAttributed: 400, missingOther: 600 }, true],
  [
    'its peers have more, and nothing is missing',
    { sentAttributed: 1100, receivedAttributed: 300 },
    true,
  ],
  ['peers have more of one direction', { receivedAttributed: 900, missingOther: 700 }, true],
  ['that hides what the other misses', { receivedAttributed: 900, missingOther: 100 }, false],
  ['less is missing than that', { sentAttributed: 400, missingUncaptured: 500 }, false],
  ['more is missing than that', { sentAttributed: 400, missingPaused: 700 }, false],
] as const)
  test(`a row ${isBalanced ? 'adds up' : 'does not add up'} when ${title}`, () => {
    assert.equal(imbalanceOf({ ...ROW, ...row }).length === 0, isBalanced);
  });
