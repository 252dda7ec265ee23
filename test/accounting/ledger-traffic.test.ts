import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { slotBytes } from '../../lib/iftop/units.ts';
import type { Amount, Bytes, Window } from '../../lib/model.ts';
import { readableSize } from '../iftop/readable-size.ts';
import { IftopLedger, bytesOf, counters, exactly, flow, isClose, printedSlot } from './making.ts';

const INTERVAL = 10_000;
const GRACE = 4000;
const WINDOWS = 6;

/** IP bytes that have passed by a time. */
type Course = (time: number) => Bytes;

const courses: readonly [name: string, course: Course][] = [
  ['steady', (time) => ({ sent: 5000 * time, received: 40 * time })],
  ['bursty', (time) => ({ sent: burst(time, 700) * 1e6, received: burst(time + 300, 1900) * 1e5 })],
  [
    'on and off',
    (time) => ({ sent: onOff(time, 7000) * 1000, received: onOff(time + 5000, 23_000) * 3000 }),
  ],
  ['one way', (time) => ({ sent: 0, received: 12_500 * time })],
  [
    'a few bytes',
    (time) => ({ sent: Math.floor(time / 3000) * 60, received: Math.floor(time / 7000) * 84 }),
  ],
];

/** A burst of 20 ms in each period. */
function burst(time: number, period: number): number {
  return Math.floor(time / period) + Math.min(1, (time % period) / 20);
}

/** Milliseconds of being on, of which half a period is on and half off. */
function onOff(time: number, period: number): number {
  return Math.floor(time / period) * (period / 2) + Math.min(period / 2, time % period);
}

interface SlotShape {
  readonly lasts: number;
  readonly lag: number;
}

/** As iftop prints it, to three digits. */
function rounded(bytes: number): Amount {
  return slotBytes(readableSize(bytes / 2, 'bytes')) ?? exactly(NaN);
}

/**
 * Runs a ledger along a course. Slots end at their own times, and of what the kernel has counted
 * by then the newest part of up to a second is not delivered yet.
 */
function follow(course: Course, slots: readonly SlotShape[], print = exactly): Window[] {
  const at = (time: number) => counters(course(time));
  const ledger = new IftopLedger(0);
  ledger.begin(at(0));
  const windows: Window[] = [];
  let [from, delivered, turned, closed] = [0, 0, 0, 0];
  for (let index = 0; windows.length < WINDOWS; index += 1) {
    const { lasts, lag } = slots[index % slots.length] ?? { lasts: 2000, lag: 0 };
    const to = from + lasts;
    for (; turned + INTERVAL <= to; turned += INTERVAL) {
      ledger.turn(turned + INTERVAL, at(turned + INTERVAL));
    }
    const until = Math.max(delivered, to - lag);
    const [before, now] = [course(delivered), course(until)];
    const flows = [
      flow('10.0.0.2', print(now.sent - before.sent), print(now.received - before.received)),
    ];
    ledger.report(printedSlot(from, to, {}, { flows, before: at(from), after: at(to) }));
    [from, delivered] = [to, until];
    for (; closed + INTERVAL + GRACE <= to; closed += INTERVAL) {
      windows.push(...[ledger.windows.close()].filter((window) => window !== undefined));
    }
  }
  return windows.slice(0, WINDOWS);
}

const anySlots = fc.array(
  fc.record({
    lasts: fc.integer({ min: 2000, max: 3900 }),
    lag: fc.integer({ min: 0, max: 1000 }),
  }),
  { minLength: 1, maxLength: 40 },
);

for (const [name, course] of courses) {
  test(`${name}: each window has what the kernel counted in it, though packets come a second late`, () => {
    fc.assert(
      fc.property(anySlots, (slots) => {
        for (const window of follow(course, slots)) {
          const [start, end] = [course(window.start), course(window.end)];
          const truth = { sent: end.sent - start.sent, received: end.received - start.received };
          const found = bytesOf([window]);
          assert.ok(isClose(found, truth, 1e-6), JSON.stringify({ found, truth, end: window.end }));
        }
      }),
    );
  });
}

test('what iftop has rounded is off by no more than half a per cent of the window and a slot', () => {
  const [, steady] = courses[0] ?? ['', () => assert.fail()];
  fc.assert(
    fc.property(anySlots, (slots) => {
      for (const window of follow(steady, slots, rounded)) {
        const { sent } = bytesOf([window]);
        assert.ok(Math.abs(sent - 5000 * INTERVAL) <= 0.005 * 5000 * (INTERVAL + 3900), `${sent}`);
      }
    }),
  );
});
