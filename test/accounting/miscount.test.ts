import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { uncounted } from '../../lib/accounting/missing.ts';
import type { Bytes, Window } from '../../lib/model.ts';
import { IftopLedger, bytesOf, COUNTED, counters, NOTHING, printedSlot } from './making.ts';

const SLOT = 2000;
const WINDOW = 5000;
const MB = 1_000_000;

/** What passes in a slot, evenly: bytes that are captured, sent ones that are not, and counted ones. */
interface Passing extends Bytes {
  readonly lost?: number;
  /** Of the received bytes; all, if it is not said. */
  readonly counted?: number;
}

/** The windows of these slots, with counters that are read when a slot ends and when a window does. */
function windowsOf(slots: readonly Passing[]): Window[] {
  const read = (time: number) => {
    const sum = { sent: 0, received: 0 };
    for (const [at, { sent, received, lost = 0, counted = received }] of slots.entries()) {
      const part = Math.max(0, Math.min(1, time / SLOT - at));
      sum.sent += (sent + lost) * part;
      sum.received += counted * part;
    }
    return counters({ sent: Math.round(sum.sent), received: Math.round(sum.received) });
  };
  const ledger = new IftopLedger(0);
  const windows: Window[] = [];
  const turn = (end: number) => ledger.turn(end, read(end));
  ledger.begin(read(0));
  ledger.captured(read(0));
  let end = WINDOW;
  for (const [at, passing] of slots.entries()) {
    const [from, to] = [at * SLOT, (at + 1) * SLOT];
    for (; end < to; end += WINDOW) turn(end);
    ledger.report(printedSlot(from, to, passing, { before: read(from), after: read(to) }));
    // As the daemon does it, four seconds after the end.
    if (end - WINDOW <= to - 2 * SLOT) windows.push(...[ledger.windows.close() ?? []].flat());
  }
  turn(end);
  for (let window = ledger.windows.close(); window; window = ledger.windows.close())
    windows.push(window);
  return windows;
}

function times(count: number, passing: Passing): Passing[] {
  return Array.from({ length: count }, () => passing);
}

/** What rows say of a window: received bytes, and those of them that the counters have not. */
function received(window: Window): readonly [total: number, uncounted: number] {
  const attributed = whole(bytesOf([window]));
  const surplus = uncounted(window, attributed).received;
  return [(window.kernel?.received ?? 0) + surplus, surplus];
}

function whole({ sent, received }: Bytes): Bytes {
  return { sent: Math.round(sent), received: Math.round(received) };
}

/** Counters that have so many received bytes. */
const at = (received: number) => counters({ sent: 0, received });

const states = (windows: readonly Window[]) => windows.map(({ miscounted }) => miscounted.received);

test('counters that stand still are found out in the first window, and its bytes are divided by time', () => {
  const windows = windowsOf(times(15, { sent: 100_000, received: 2 * MB, counted: 0 }));
  assert.equal(windows.length, 6);
  for (const window of windows) assert.deepEqual(received(window), [5 * MB, 5 * MB]);
  assert.ok(windows.every(({ miscounted }) => !miscounted.sent));
  for (const { kernel } of windows)
    assert.deepEqual([kernel?.sent, kernel?.received], [250_000, 0]);
});

test('counters that have less than a quarter do not need a minute, those that have more do', () => {
  const few = windowsOf(times(5, { sent: 0, received: MB, counted: 240_000 }));
  assert.deepEqual(few.map(received), [
    [2.5 * MB, 1.9 * MB],
    [2.5 * MB, 1.9 * MB],
  ]);
  const most = windowsOf(times(60, { sent: 0, received: MB, counted: 900_000 }));
  const found = states(most).indexOf(true) * WINDOW;
  assert.ok(found >= 50_000 && found <= 60_000, `${found}`);
  assert.deepEqual(states(most).slice(0, found / WINDOW), Array(found / WINDOW).fill(false));
  assert.deepEqual(received(most[0] ?? assert.fail()), [2.25 * MB, 0]);
  assert.deepEqual(received(most.at(-1) ?? assert.fail()), [2.5 * MB, 250_000]);
});

test('less than measuring error is none: a few packets, and what rounding does', () => {
  const few = windowsOf(times(60, { sent: 0, received: 2000, counted: 0 }));
  assert.ok(!states(few).includes(true), 'less than 64 KiB in a minute');
  const rounded = windowsOf(times(60, { sent: 0, received: 10 * MB, counted: 9.85 * MB }));
  assert.ok(!states(rounded).includes(true), 'less than 2 %');
  for (const window of rounded) assert.equal(received(window)[1], 0);
});

test('a direction stays miscounted while nothing passes, and is not a minute after its counters count again', () => {
  const broken = times(30, { sent: 0, received: MB, counted: 0 });
  const idle = times(60, NOTHING);
  const sound = times(60, { sent: 0, received: MB });
  const windows = windowsOf([...broken, ...idle, ...sound]);
  const over = states(windows).indexOf(false) * WINDOW - (broken.length + idle.length) * SLOT;
  assert.ok(over > 0 && over <= 70_000, `${over}`);
  assert.ok(!states(windows).slice(states(windows).indexOf(false)).includes(true), 'and stays so');
  const all = windows.reduce((sum, window) => sum + received(window)[0], 0);
  assert.equal(all, 90 * MB, 'no byte is counted twice');
});

test('what is just as wrong as may be does not come and go', () => {
  const odd = { sent: 0, received: MB, counted: 0.975 * MB };
  const even = { sent: 0, received: MB, counted: 0.985 * MB };
  const slots = Array.from({ length: 300 }, (_, at) => (at % 50 < 25 ? odd : even));
  const changes = states(windowsOf(slots)).filter((is, at, all) => at > 0 && is !== all[at - 1]);
  assert.deepEqual(changes, [true]);
});

test('packets that wait for their capture are no surplus, even a minute after the last', () => {
  const ledger = new IftopLedger(0);
  ledger.begin(counters(NOTHING));
  ledger.captured(counters(NOTHING));
  ledger.report(printedSlot(0, 2000, { received: 100 }, { before: at(0), after: at(100) }));
  ledger.report(printedSlot(60_000, 62_000, {}, { before: at(100), after: at(100 * MB) }));
  ledger.turn(62_000, at(100 * MB));
  ledger.report(
    printedSlot(
      62_000,
      124_000,
      { received: 100 * MB },
      { before: at(100 * MB), after: at(100 * MB) },
    ),
  );
  ledger.turn(130_000, at(100 * MB));
  const windows = [ledger.windows.close(), ledger.windows.close()];
  assert.deepEqual(
    windows.map((window) => window?.miscounted),
    [COUNTED, COUNTED],
  );
});

test('what a capture sees of the moment in which it began is no surplus', () => {
  const ledger = new IftopLedger(0);
  ledger.begin(at(0), true);
  ledger.captured(at(50 * MB));
  ledger.report(
    printedSlot(1000, 3000, { received: 58 * MB }, { before: at(50 * MB), after: at(60 * MB) }),
  );
  ledger.released(at(60 * MB));
  ledger.captured(at(200 * MB));
  ledger.report(
    printedSlot(4000, 6000, { received: 140 * MB }, { before: at(200 * MB), after: at(210 * MB) }),
  );
  ledger.turn(7000, at(210 * MB));
  assert.deepEqual(ledger.windows.close()?.miscounted, COUNTED);
});

const passing = fc.record({
  sent: fc.nat(20 * MB),
  received: fc.nat(20 * MB),
  lost: fc.oneof(fc.constant(0), fc.nat(5 * MB)),
});

test('counters that count are never found to miscount, whatever passes or is lost', () => {
  fc.assert(
    fc.property(fc.array(passing, { minLength: 1, maxLength: 90 }), (slots) => {
      assert.ok(windowsOf(slots).every(({ miscounted: { sent, received } }) => !sent && !received));
    }),
  );
});
