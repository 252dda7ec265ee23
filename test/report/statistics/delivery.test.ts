import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printer } from '../../../daemon/printer.ts';
import { agent } from '../../daemon/agent.ts';

const COUNTS = { written: 1, refused: 2, dropped: 3, damaged: 4 };

test('each figure of the sink is a metric', async () => {
  const { sink, scrape } = agent();
  const waiting = { bytes: 5, oldest: 6000, failure: new Error('no disk') };
  Object.assign(sink.figures, { ...COUNTS, windowsDropped: 7, retries: 8, ...waiting });
  const values = await scrape();
  for (const [outcome, count] of Object.entries(COUNTS))
    assert.equal(values.get(`nstats_rows_total{outcome="${outcome}"}`), count);
  const names = ['windows_dropped_total', 'write_retries_total', 'spool_bytes'];
  const more = ['spool_oldest_window_timestamp_seconds', 'spool_degraded'];
  const figures = [...names, ...more].map((name) => values.get(`nstats_${name}`));
  assert.deepEqual(figures, [7, 8, 5, 6, 1]);
  Object.assign(sink.figures, printer(() => {}).figures);
  assert.equal((await scrape()).get('nstats_spool_degraded'), 0);
});
