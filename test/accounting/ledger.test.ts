import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Ledger } from '../../lib/accounting/ledger.ts';
import type { Bytes, Counters, Window } from '../../lib/model.ts';
import {
  IftopLedger,
  add,
  bytesOf,
  counters,
  isClose,
  NOTHING,
  pairs,
  printedSlot,
  printedSlots,
  someCounters,
} from './making.ts';

/** A ledger of an interface that was there from the start, with these counters. */
function begun(counters: Counters): IftopLedger {
  const ledger = new IftopLedger(0);
  ledger.begin(counters);
  return ledger;
}

/** Every window that has ended. */
function closeAll(ledger: Ledger): Window[] {
  const windows: Window[] = [];
  for (let window = ledger.windows.close(); window; window = ledger.windows.close())
    windows.push(window);
  return windows;
}

function sentOf(windows: readonly Window[]): number[] {
  return windows.map((window) => bytesOf([window]).sent);
}

const steps = fc.array(
  fc.oneof(
    printedSlots.map((slot) => ({ slot })),
    fc.record({ turn: fc.integer({ min: 1, max: 15_000 }), counters: fc.option(someCounters) }),
    fc.constant('close' as const),
  ),
  { maxLength: 25 },
);

test('slots and window ends may come in any order: every byte ends up in exactly one window', () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const ledger = new IftopLedger(0);
      const windows: Window[] = [];
      const added: Bytes[] = [];
      let now = 0;
      for (const step of steps) {
        if (step === 'close')
          windows.push(...[ledger.windows.close()].filter((window) => window !== undefined));
        else if ('slot' in step) {
          added.push(bytesOf([ledger.report(step.slot)]));
        } else ledger.turn((now += step.turn), step.counters ?? undefined);
      }
      ledger.turn(now + 1, undefined);
      windows.push(...closeAll(ledger));
      const parts = windows.flatMap(({ pairs, rest }) => [...pairs, rest]);
      assert.ok(parts.every(({ sent, received }) => sent >= 0 && received >= 0));
      const all = bytesOf([{ pairs: [], rest: NOTHING }, ...windows]);
      assert.ok(isClose(all, add(added)));
    }),
    { numRuns: 500 },
  );
});

test('the bytes of a port are divided among windows, and mixed with those of no other', () => {
  fc.assert(
    fc.property(fc.array(pairs), fc.integer({ min: 0, max: 999 }), (slots, offset) => {
      const ledger = new Ledger(0);
      for (const [at, pairs] of slots.entries()) {
        const [from, to] = [at * 1000 + offset, (at + 1) * 1000 + offset];
        if (at % 3 === 2) ledger.turn((at + 1) * 1000, undefined);
        const counters = { before: undefined, after: undefined };
        ledger.add({ from, to, pairs, rest: NOTHING, lag: NOTHING, ...counters });
      }
      ledger.turn(1e6, undefined);
      const found = closeAll(ledger).flatMap(({ pairs }) => pairs);
      for (const one of ['none', '53/udp', '443/tcp']) {
        const isOf = ({ port = 'none' }: { readonly port?: string }) => port === one;
        assert.ok(isClose(add(found.filter(isOf)), add(slots.flat().filter(isOf))), one);
      }
    }),
  );
});

test('a window that has not ended cannot be closed, one that has can be once', () => {
  const ledger = new IftopLedger(0);
  assert.equal(ledger.windows.close(), undefined);
  ledger.turn(10_000, undefined);
  const { start, end } = ledger.windows.close() ?? {};
  assert.deepEqual([start, end, ledger.windows.close()], [0, 10_000, undefined]);
});

test('without counters a slot is divided by time', () => {
  const ledger = new IftopLedger(0);
  ledger.turn(10_000, undefined);
  ledger.report(printedSlot(9500, 11_500, { sent: 1000, received: 400 }));
  ledger.turn(20_000, undefined);
  assert.deepEqual(
    closeAll(ledger).map((window) => bytesOf([window])),
    [
      { sent: 250, received: 100 },
      { sent: 750, received: 300 },
    ],
  );
});

test('with counters each direction is divided where the kernel says', () => {
  const ledger = begun(counters(NOTHING));
  ledger.turn(10_000, counters({ sent: 9000, received: 0 }));
  const after = counters({ sent: 10_000, received: 5000 });
  ledger.report(
    printedSlot(
      9000,
      11_000,
      { sent: 10_000, received: 5000 },
      { before: counters(NOTHING), after },
    ),
  );
  ledger.turn(20_000, after);
  const windows = closeAll(ledger);
  assert.ok(isClose(bytesOf(windows.slice(0, 1)), { sent: 9000, received: 0 }));
  assert.ok(isClose(bytesOf(windows.slice(1)), { sent: 1000, received: 5000 }));
  assert.deepEqual(
    windows.map(({ kernel }) => kernel?.sent),
    [9000, 1000],
  );
});

test('a slot over several windows that ended at once is divided among all of them', () => {
  const [by, timed] = [begun(counters(NOTHING)), new IftopLedger(0)];
  for (const [at, sent] of [
    [10_000, 0],
    [20_000, 6000],
    [30_000, 7000],
  ] as const) {
    by.turn(at, counters({ sent, received: 0 }));
    timed.turn(at, undefined);
  }
  const after = counters({ sent: 8000, received: 0 });
  by.report(printedSlot(0, 40_000, { sent: 8000 }, { before: counters(NOTHING), after }));
  timed.report(printedSlot(0, 40_000, { sent: 8000 }));
  for (const ledger of [by, timed]) ledger.turn(50_000, undefined);
  assert.deepEqual(sentOf(closeAll(by)), [0, 6000, 1000, 1000]);
  assert.deepEqual(sentOf(closeAll(timed)), [2000, 2000, 2000, 2000]);
});

/**
 * What two windows get when the counters are read some milliseconds after the end of the first one, and a frame comes at a
 * moment near it, at which the counters have come to `read`.
 */
function dividedNear(frame: number, read: number): number[] {
  const ledger = begun(counters(NOTHING));
  const [atFrame, atTurn] = [read, 12_000].map((sent) => counters({ sent, received: 0 }));
  const before = { before: counters(NOTHING), after: atFrame };
  const first = printedSlot(0, frame, { sent: 10_000 }, before);
  const isEarly = read < 12_000;
  if (isEarly) ledger.report(first);
  ledger.turn(10_000, atTurn);
  if (!isEarly) ledger.report(first);
  const after = counters({ sent: 20_000, received: 0 });
  ledger.report(printedSlot(frame, 11_000, { sent: 10_000 }, { before: atFrame, after }));
  ledger.turn(20_000, after);
  const windows = closeAll(ledger);
  assert.deepEqual(
    windows.map(({ kernel }) => kernel?.sent),
    [12_000, 8000],
  );
  return sentOf(windows);
}

test('a slot that begins near the end of a window is divided where the counters were read', () => {
  assert.deepEqual(dividedNear(10_003, 10_000), [12_000, 8000]);
  assert.deepEqual(dividedNear(9999, 13_000), [12_000, 8000]);
});

/** What two windows get when a session with bytes under way is followed by a slot from `next` on. */
function divided(next: number): number[] {
  const ledger = begun(counters(NOTHING));
  const waiting = counters({ sent: 5000, received: 0 });
  ledger.report(
    printedSlot(0, 9000, { sent: 2000 }, { before: counters(NOTHING), after: waiting }),
  );
  ledger.turn(10_000, counters({ sent: 6000, received: 0 }));
  const after = counters({ sent: 9000, received: 0 });
  ledger.report(printedSlot(next, 11_000, { sent: 4000 }, { before: waiting, after }));
  ledger.turn(20_000, after);
  return sentOf(closeAll(ledger));
}

test('what waited at the end of a session is not expected of the next one', () => {
  assert.deepEqual(divided(9000), [2000 + 4000, 0]);
  assert.deepEqual(divided(9001), [2000 + 1000, 3000]);
});

test('counters that go back begin anew at nothing', () => {
  const ledger = begun(counters({ sent: 1_000_000, received: 1_000_000 }));
  ledger.turn(10_000, counters({ sent: 3000, received: 2000 }));
  ledger.turn(20_000, counters({ sent: 5000, received: 2000 }));
  assert.deepEqual(
    closeAll(ledger).map(({ kernel }) => [kernel?.sent, kernel?.received]),
    [
      [3000, 2000],
      [2000, 0],
    ],
  );
});

test('the kernel’s count goes on over windows in which it could not be read', () => {
  const ledger = begun(counters(NOTHING));
  ledger.turn(10_000, undefined);
  ledger.turn(20_000, counters({ sent: 7000, received: 0 }));
  assert.deepEqual(
    closeAll(ledger).map(({ kernel }) => kernel?.sent),
    [0, 7000],
  );
});

test('the kernel’s count begins once, with what was known of the interface first', () => {
  const ledger = begun(counters({ sent: 1000, received: 0 }));
  ledger.begin(counters({ sent: 2000, received: 0 }));
  ledger.turn(10_000, counters({ sent: 5000, received: 0 }));
  assert.equal(ledger.windows.close()?.kernel?.sent, 4000);
});

test('a window whose counters were never read has no kernel’s count', () => {
  const ledger = new IftopLedger(0);
  ledger.turn(10_000, undefined);
  assert.equal(ledger.windows.close()?.kernel, undefined);
});

test('the kernel’s count begins with the first slot where the pod’s interface was not there before', () => {
  const ledger = new IftopLedger(0);
  const [before, after] = [
    counters({ sent: 4000, received: 0 }),
    counters({ sent: 9000, received: 0 }),
  ];
  ledger.report(printedSlot(3000, 5000, { sent: 5000 }, { before, after }));
  ledger.turn(10_000, undefined);
  assert.equal(ledger.windows.close()?.kernel?.sent, 5000);
});

test('a pair knows when its bytes passed, what waited before its slots included', () => {
  const ledger = new IftopLedger(0);
  for (const [from, to] of [
    [2000, 4000],
    [4000, 6000],
  ] as const) {
    ledger.report(printedSlot(from, to, { sent: 1 }));
  }
  ledger.turn(10_000, undefined);
  ledger.report(printedSlot(9000, 11_000, { sent: 10 }));
  const [first, second] = [closeAll(ledger), (ledger.turn(20_000, undefined), closeAll(ledger))];
  const spans = [first, second].map(([window]) => window?.pairs.map(({ from, to }) => [from, to]));
  assert.deepEqual(spans, [[[900, 11_000]], [[7900, 11_000]]]);
});

test('an interface that is parted from its peer before it goes is counted once', () => {
  const earlier = { sentBytes: 1140, sentPackets: 10, receivedBytes: 2140, receivedPackets: 10 };
  const ledger = begun({ sentBytes: 0, sentPackets: 0, receivedBytes: 0, receivedPackets: 0 });
  ledger.observe(earlier);
  ledger.observe({
    ...earlier,
    sentBytes: 2280,
    sentPackets: 20,
    receivedBytes: 0,
    receivedPackets: 0,
  });
  ledger.turn(10_000, undefined);
  const kernel = { sent: 2000, received: 2000, sentPackets: 20, receivedPackets: 10 };
  assert.deepEqual(closeAll(ledger)[0]?.kernel, kernel);
});
