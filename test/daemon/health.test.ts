import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Health, type HealthOptions } from '../../daemon/http/health.ts';
import { printer } from '../../daemon/printer.ts';

const INTERVAL = 5000;
const HOUR = 3_600_000;
const { figures: empty } = printer(() => {});

/** Of an agent with one capture, in which all is well. */
function options(): HealthOptions {
  const heard = performance.now();
  const figures = { podsReady: 1, captures: 1 } as HealthOptions['capture']['figures'];
  return {
    interval: INTERVAL,
    capture: { figures, heard, stuckFor: 0 },
    sync: { complete: true, reasons: [] },
    totals: { windows: 1 },
    sink: { figures: empty },
  };
}

/** Sets the clock. */
function set(t: TestContext, by: number): void {
  const now = Date.now;
  t.mock.method(Date, 'now', () => now() + by);
}

for (const by of [-HOUR, HOUR]) {
  test(`it is alive when the clock is set by ${by} ms`, (t) => {
    const health = new Health(options());
    health.windowClosed();
    set(t, by);
    const { ok, reasons } = health.alive();
    assert.ok(ok);
    assert.match(reasons.join('\n'), /last window closed 0 s ago[\s\S]*a capture answered 0 s ago/);
  });
}

test('it is not alive when no window has been closed for long, whatever the clock is set to', (t) => {
  const health = new Health(options());
  const now = performance.now();
  t.mock.method(performance, 'now', () => now + 60_000);
  set(t, -HOUR);
  const { ok, reasons } = health.alive();
  assert.equal(ok, false);
  assert.match(
    reasons.join('\n'),
    /no window has been closed in time \(last window closed 60 s ago\); fix: [\s\S]*no capture has answered for a minute \(for 60 s\)/,
  );
});

for (const [what, change, ok, words] of [
  ['were written', { written: 2 }, true, /written, or on disk/],
  ['wait on disk', { bytes: 100 }, true, /written, or on disk/],
  ['wait in memory', { bytes: 100, inMemory: 2 }, false, /in memory only/],
  ['were all refused', { refused: 2 }, false, /InfluxDB has taken none/],
] as const) {
  test(`it is ${ok ? '' : 'not '}ready when the rows of its first window ${what}`, () => {
    const health = new Health({ ...options(), sink: { figures: { ...empty, ...change } } });
    const verdict = health.ready();
    assert.equal(verdict.ok, ok);
    assert.match(verdict.reasons.join('\n'), words);
  });
}
