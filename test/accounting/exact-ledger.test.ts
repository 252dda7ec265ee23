import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ExactLedger } from '../../lib/accounting/exact-ledger.ts';
import { missing, uncounted } from '../../lib/accounting/missing.ts';
import type { Slot, Window } from '../../lib/model.ts';
import { bytesOf, counters, NOTHING } from './making.ts';

/** The counters of an interface that has sent so many bytes. */
const sent = (bytes: number) => counters({ sent: bytes, received: 0 });

/** A slot of so many bytes to one peer, while the interface went from some bytes to some. */
function slot(bytes: number, before: number, after: number, rest = 0): Slot {
  const pair = { local: '10.0.0.1', remote: '10.0.0.2', from: 0, to: 1, sent: bytes, received: 0 };
  return {
    from: 0,
    to: 1,
    pairs: bytes > 0 ? [pair] : [],
    rest: { sent: rest, received: 0 },
    lag: NOTHING,
    before: sent(before),
    after: sent(after),
  };
}

/** Kernel, attributed and uncaptured bytes of the oldest window, whose two sums are the same. */
function close(ledger: ExactLedger) {
  const window: Window = ledger.windows.close() ?? assert.fail('no window');
  const attributed = bytesOf([window]);
  const { uncaptured, overload, paused, other } = missing(window, attributed);
  const total = (window.kernel?.sent ?? 0) + uncounted(window, attributed).sent;
  assert.equal(total, attributed.sent + uncaptured + overload + paused + other);
  return [window.kernel?.sent, attributed.sent, window.uncaptured.sent];
}

test('a window has what its slots have, whenever the counters are read', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(500));
  ledger.captured(sent(500));
  ledger.add(slot(600, 500, 1200, 100));
  ledger.turn(10_000, sent(1300));
  ledger.observe(sent(1600));
  ledger.add(slot(800, 1200, 2000));
  ledger.turn(20_000, sent(2000));
  assert.deepEqual(close(ledger), [700, 700, 0]);
  assert.deepEqual(close(ledger), [800, 800, 0]);
});

test('what is read while a source begins is in its slots, and in no other part', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(300));
  ledger.observe(sent(400));
  ledger.isHeld = true;
  ledger.turn(10_000, sent(900));
  ledger.observe(sent(950));
  ledger.isHeld = false;
  ledger.captured(sent(400));
  ledger.add(slot(600, 400, 1000));
  ledger.turn(20_000, sent(1000));
  assert.deepEqual(close(ledger), [100, 0, 100]);
  assert.deepEqual(close(ledger), [600, 600, 0]);
});

test('what passes before, between and after captures is uncaptured', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(300), true);
  ledger.captured(sent(400));
  ledger.add(slot(100, 400, 500));
  ledger.turn(10_000, sent(550));
  ledger.released(sent(600));
  ledger.turn(20_000, sent(700));
  ledger.captured(sent(750));
  ledger.add(slot(50, 750, 800));
  ledger.released(sent(1000));
  ledger.turn(30_000, sent(1000), true);
  assert.deepEqual(close(ledger), [500, 100, 400]);
  assert.deepEqual(close(ledger), [200, 0, 200]);
  assert.deepEqual(close(ledger), [300, 50, 250]);
  assert.ok(ledger.windows.isFinished);
});

test('what the program has not seen is missing, and what the counters have not counted is uncounted', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(0));
  ledger.captured(sent(0));
  ledger.add(slot(600, 0, 1000));
  ledger.turn(10_000, sent(1000));
  ledger.add(slot(600, 1000, 1000));
  ledger.turn(20_000, sent(1000));
  assert.deepEqual(close(ledger), [1000, 600, 0]);
  assert.deepEqual(close(ledger), [0, 600, 0]);
});

test('an interface that replaces another counts from nothing', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(1000));
  ledger.captured(sent(1000));
  ledger.observe(sent(5000));
  ledger.observe(sent(100));
  ledger.add(slot(4200, 1000, 5200));
  ledger.released(sent(150));
  ledger.captured(sent(200));
  ledger.turn(10_000, sent(300));
  assert.deepEqual(close(ledger), [4400, 4200, 200]);
});

test('a capture that was a packet ahead of the counters leaves nothing twice', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(sent(0));
  ledger.captured(sent(0));
  ledger.add(slot(1100, 0, 1100));
  ledger.released(sent(1000));
  ledger.observe(sent(1050));
  ledger.turn(10_000, sent(1500));
  assert.deepEqual(close(ledger), [1500, 1100, 400]);
});

/** What may happen to a ledger: a slot of so many bytes and so many that are not seen, a reading, a start, an end. */
const events = fc.array(
  fc.record({
    what: fc.constantFrom('slot', 'observe', 'captured', 'released', 'turn', 'replaced'),
    passed: fc.nat(100_000),
    missed: fc.nat(1000),
  }),
  { maxLength: 40 },
);

test('whatever happens, the sums of each window are the same, and no byte is in two windows', () => {
  fc.assert(
    fc.property(events, (all) => {
      const ledger = new ExactLedger(0);
      ledger.begin(sent(0));
      let [now, last, truth, windows] = [0, 0, 0, 0];
      let captures = false;
      for (const { what, passed, missed } of all) {
        if (what === 'slot' && captures) {
          now += passed + missed;
          truth += passed + missed;
          ledger.add(slot(passed, last, now));
          last = now;
        } else if (what === 'captured' && !captures) {
          ledger.captured(sent(now));
          [captures, last] = [true, now];
        } else if (what === 'released' && captures) {
          ledger.released(sent(now));
          captures = false;
        } else if (what === 'turn') ledger.turn((windows += 1), sent(now));
        else if (what === 'replaced' && !captures) ledger.observe(sent((now = 0)));
        else if (!captures) {
          now += passed;
          truth += passed;
          ledger.observe(sent(now));
        }
      }
      ledger.turn(windows + 1, sent(now));
      let total = 0;
      for (let window = 0; window <= windows; window += 1) total += close(ledger)[0] ?? NaN;
      assert.equal(total, truth);
    }),
  );
});

test('without counters the kernel bytes are not known', () => {
  const ledger = new ExactLedger(0);
  ledger.begin(undefined);
  ledger.turn(10_000, undefined);
  assert.equal(ledger.windows.close()?.kernel, undefined);
});
