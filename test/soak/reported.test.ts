import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outagesOf, reportedAfter } from './reported.ts';

const LIFE = { from: 100_000, to: 110_000 };
const outage = (from: number, to: number) => ({ from: LIFE.from + from, to: LIFE.from + to });

for (const [title, outages, after] of [
  ['at birth when there is no outage', [], 0],
  ['at birth when one was over before', [outage(-40_000, -20_000)], 0],
  ['at birth when it lived for a while before one', [outage(4000, 20_000)], 0],
  ['late when it lives on for a while after one', [outage(-500, 5000)], 5000],
  ['late when it lives between two', [outage(5000, 6000), outage(-10_000, 1000)], 1000],
  ['not surely when one begins soon after its birth', [outage(1000, 20_000)], undefined],
  ['not surely when one ends just before its death', [outage(-20_000, 9000)], undefined],
  ['not surely when two follow soon', [outage(-20_000, 5000), outage(7000, 20_000)], undefined],
] as const)
  test(`a guest is reported ${title}`, () => {
    assert.equal(reportedAfter(LIFE, outages), after);
  });

test('a guest that lives for a moment only is not surely reported', () => {
  assert.equal(reportedAfter({ from: 0, to: 2000 }, []), undefined);
});

const list = '/api/v1/pods?resourceVersion=0&fieldSelector=spec.nodeName%3Dlab-1';
const watch = '/api/v1/pods?watch=1&resourceVersion=7&fieldSelector=spec.nodeName%3Dlab-1';
const requests = [
  { path: watch, status: 200, at: 15_000 },
  { path: '/api/v1/pods?watch=1', status: 200, at: 21_000 },
  { path: watch, status: 429, at: 22_000 },
  { path: watch, status: 200, at: 23_000 },
  { path: list, status: 200, at: 30_000 },
  { path: watch, status: 200, at: 31_000 },
];

for (const [name, from, to] of [
  ['API down', 10_000, [23_000]],
  ['API forgetful', 10_000, [31_000]],
  ['API cut', 50_000, [150_000]],
  ['API goaway', 10_000, []],
  ['InfluxDB gone', 10_000, []],
] as const)
  test(`the outage of ${name} at ${from / 1000} s ends with: ${to.join() || 'there is none'}`, () => {
    const outages = outagesOf([{ name, from, to: from + 10_000 }], requests);
    assert.deepEqual(
      outages.map((outage) => outage.to),
      to,
    );
  });
