import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IftopLedger, counters, printedSlot } from './making.ts';

/** The counters of an interface that has sent so many bytes. */
function sent(bytes: number) {
  return counters({ sent: bytes, received: 0 });
}

/** The ledger of an interface that was there before the agent, and is captured. */
function capturing(bytes = 0): IftopLedger {
  const ledger = new IftopLedger(0);
  ledger.begin(sent(bytes));
  ledger.captured(sent(bytes));
  return ledger;
}

function close(ledger: IftopLedger) {
  const { kernel, uncaptured, overloaded } = ledger.windows.close() ?? {};
  assert.equal(uncaptured?.received, 0);
  return [kernel?.sent, uncaptured?.sent, overloaded];
}

test('what a new interface had counted before the capture is counted, and known to be in no slot', () => {
  const ledger = new IftopLedger(0);
  ledger.begin(sent(300), true);
  ledger.captured(sent(500));
  ledger.report(printedSlot(1000, 3000, { sent: 700 }, { before: sent(500), after: sent(1200) }));
  ledger.turn(10_000, sent(1200));
  assert.deepEqual(close(ledger), [1200, 500, false]);
});

test('of an interface that was there before the agent only the bytes from then on are counted', () => {
  const ledger = new IftopLedger(0);
  ledger.begin(sent(300));
  ledger.captured(sent(500));
  ledger.turn(10_000, sent(1200));
  assert.deepEqual(close(ledger), [900, 200, false]);
});

test('between a capture that failed and the next each window has its part', () => {
  const ledger = capturing();
  ledger.report(printedSlot(7000, 9000, { sent: 100 }, { before: sent(0), after: sent(100) }));
  ledger.turn(10_000, sent(150));
  ledger.released(sent(180));
  ledger.turn(20_000, sent(400));
  ledger.captured(sent(430));
  ledger.turn(30_000, sent(1000));
  assert.deepEqual(
    [close(ledger), close(ledger), close(ledger)],
    [
      [150, 50, false],
      [250, 250, false],
      [600, 30, false],
    ],
  );
});

test('what was counted after the last slot of an interface that has gone is missing', () => {
  const ledger = new IftopLedger(0);
  ledger.begin(sent(0), true);
  ledger.captured(sent(0));
  ledger.report(printedSlot(1000, 3000, { sent: 100 }, { before: sent(0), after: sent(100) }));
  ledger.observe(sent(900));
  ledger.released(undefined);
  ledger.turn(10_000, undefined);
  assert.deepEqual(close(ledger), [900, 800, false]);
});

test('an overload begins three seconds before the end of the last slot, and lasts until it is over', () => {
  const ledger = new IftopLedger(0);
  ledger.turn(5000, undefined);
  ledger.report(printedSlot(6000, 8000, { sent: 1 }));
  ledger.turn(10_000, undefined);
  ledger.turn(15_000, undefined);
  ledger.overloaded = true;
  ledger.turn(20_000, undefined);
  ledger.turn(25_000, undefined);
  ledger.overloaded = false;
  ledger.turn(30_000, undefined);
  ledger.turn(35_000, undefined);
  const states = Array.from({ length: 7 }, () => ledger.windows.close()?.overloaded);
  assert.deepEqual(states, [false, true, true, true, true, true, false]);
});

test('what passes from the last slot before a pause to the next capture is counted as paused', () => {
  const ledger = capturing();
  ledger.pause();
  ledger.report(printedSlot(1000, 3000, { sent: 100 }, { before: sent(0), after: sent(100) }));
  ledger.released(sent(130));
  ledger.turn(10_000, sent(400));
  ledger.turn(20_000, sent(400));
  ledger.captured(sent(450));
  ledger.turn(30_000, sent(450));
  ledger.turn(40_000, sent(450));
  const windows = Array.from({ length: 4 }, () => ledger.windows.close());
  assert.deepEqual(
    windows.map((window) => window?.paused?.sent),
    [300, 0, 50, undefined],
  );
  assert.ok(windows.every((window) => window?.uncaptured.sent === 0));
});

test('an interface that is replaced within a window has its bytes in it, and so has the new one', () => {
  const ledger = capturing(1000);
  ledger.report(printedSlot(1000, 3000, { sent: 500 }, { before: sent(1000), after: sent(1500) }));
  ledger.observe(sent(1800));
  ledger.released(undefined);
  ledger.begin(sent(40));
  ledger.captured(sent(60));
  ledger.report(printedSlot(6000, 8000, { sent: 9000 }, { before: sent(60), after: sent(9060) }));
  ledger.turn(10_000, sent(9060));
  ledger.turn(20_000, sent(9100));
  assert.deepEqual(close(ledger), [800 + 9060, 300 + 60, false]);
  assert.deepEqual(close(ledger), [40, 0, false]);
});

test('one that is replaced while the capture is paused is so too', () => {
  const ledger = capturing();
  ledger.pause();
  ledger.released(sent(100));
  ledger.observe(sent(700));
  ledger.observe(sent(50));
  ledger.turn(10_000, sent(80));
  const window = ledger.windows.close();
  assert.equal(window?.kernel?.sent, 780);
  assert.equal(window?.paused?.sent, 780);
});

test('what had waited to be captured is missing too when the capture ends before it comes', () => {
  const ledger = capturing();
  ledger.report(printedSlot(6000, 8000, { sent: 700 }, { before: sent(0), after: sent(1000) }));
  ledger.turn(9000, sent(1200));
  assert.equal(ledger.windows.ended(9000)?.uncaptured.sent, 0);
  ledger.released(sent(1500));
  assert.equal(ledger.windows.ended(9000)?.uncaptured.sent, 300 + 200);
  assert.equal(ledger.windows.ended(8000), undefined);
  assert.deepEqual(close(ledger), [1200, 500, false]);
});

test('what had waited is missing in the window in which it passed', () => {
  const ledger = capturing();
  ledger.turn(9000, sent(900));
  ledger.report(printedSlot(6000, 9500, { sent: 500 }, { before: sent(0), after: sent(1000) }));
  ledger.released(sent(1000));
  ledger.turn(10_000, sent(1000));
  assert.deepEqual(close(ledger), [900, 400, false]);
  assert.deepEqual(close(ledger), [100, 100, false]);
});

test('an interface that is replaced between the end of a window and its close changes nothing in it', () => {
  const ledger = capturing();
  ledger.report(printedSlot(7000, 9000, { sent: 9000 }, { before: sent(0), after: sent(9000) }));
  ledger.turn(10_000, sent(9500));
  ledger.observe(sent(9600));
  ledger.released(sent(40));
  ledger.captured(sent(60));
  ledger.report(printedSlot(12_000, 14_000, { sent: 400 }, { before: sent(60), after: sent(560) }));
  ledger.released(sent(560));
  ledger.turn(20_000, sent(560));
  assert.deepEqual(close(ledger), [9500, 500, false]);
  assert.deepEqual(close(ledger), [100 + 560, 100 + 60 + 100, false]);
});
