import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { printer } from '../../daemon/printer.ts';
import { Summary } from '../../lib/report/summary.ts';
import { traffic } from '../daemon/agent.ts';

const END = 1_700_000_010_000;

test('the first window is logged, then a summary every ten minutes; each window is logged for debugging', (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const [info, debug] = [mock.fn(), mock.fn()];
  const figures = { ...printer(() => {}).figures, waiting: 7 };
  const log = { debug, info, warn() {}, error() {} };
  const summary = new Summary({ log, sink: { figures } });
  const close = () => {
    summary.add(END, [traffic('shop', []), traffic('web', [])], 5);
    now += 10_000;
  };
  close();
  const end = new Date(END);
  const first = {
    end,
    windows: 1,
    pods: 2,
    rows: 5,
    bytes: 300,
    attributedBytes: 0,
    rowsWaiting: 7,
  };
  assert.deepEqual(
    info.mock.calls.map((call) => call.arguments),
    [[first, 'window closed']],
  );
  for (let count = 0; count < 59; count += 1) close();
  assert.equal(info.mock.callCount(), 1);
  assert.deepEqual(debug.mock.calls.at(-1)?.arguments, [
    { end, pods: 2, rows: 5 },
    'window closed',
  ]);
  close();
  const sums = { ...first, windows: 60, rows: 300, bytes: 18_000 };
  assert.deepEqual(info.mock.calls.at(-1)?.arguments, [sums, 'windows closed']);
});
