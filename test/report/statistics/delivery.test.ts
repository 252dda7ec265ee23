import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { delivery } from '../../../lib/report/statistics/delivery.ts';
import { exposition } from '../../../daemon/http/metrics/exposition.ts';
import type { Queue } from '../../../lib/influx/queue.ts';
import { drain, rows, Site } from '../../influx/site.ts';
import { until } from '../../lab/influx.ts';
import { parse } from '../../daemon/exposition.ts';

function metricsOf(queue: Queue) {
  const text = exposition(delivery, { sink: queue });
  return async (name: string) => parse(await text.metrics()).values.get(`nstats_${name}`) ?? NaN;
}

test('rows that wait have a size and an age, and rows that are dropped for them are counted', async (t) => {
  await using site = await Site.create();
  site.influx.answer = () => 503;
  const { queue } = site.agent({ at: '/dev/null/nowhere', memory: 2500 });
  const of = metricsOf(queue);
  for (const end of [1000, 2000, 3000]) queue.push(rows(100), end);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const ran = queue.run(stop.signal);
  await until(async () => (await of('spool_degraded')) === 1, 'no disk');
  await until(async () => (await of('write_retries_total')) > 0, 'a try');
  assert.equal(await of('rows_total{outcome="dropped"}'), 100);
  assert.equal(await of('windows_dropped_total'), 1);
  assert.ok((await of('spool_bytes')) > 1000);
  assert.equal(await of('spool_oldest_window_timestamp_seconds'), 2);
  site.influx.answer = () => 204;
  await until(async () => (await of('spool_bytes')) === 0, 'delivery');
  stop.abort();
  await ran;
  assert.equal(await of('rows_total{outcome="written"}'), 200);
});

test('a row that InfluxDB refuses is counted apart from the others of its window', async () => {
  await using site = await Site.create();
  const { queue } = site.agent();
  const of = metricsOf(queue);
  site.influx.answer = ({ rows: all }) => (all.includes('m v=7i 1') ? 400 : 204);
  queue.push(rows(10), 1000);
  await drain(queue);
  assert.equal(await of('rows_total{outcome="refused"}'), 1);
  assert.equal(await of('rows_total{outcome="written"}'), 9);
  assert.equal(await of('write_retries_total'), 0);
});

test('rows that are not read from the disk as they were written are damaged', async (t) => {
  await using site = await Site.create();
  site.influx.answer = () => 503;
  const { queue, unsent } = site.agent();
  const of = metricsOf(queue);
  const stop = new AbortController();
  t.after(() => stop.abort());
  queue.push(rows(10), 1000);
  const ran = queue.run(stop.signal);
  await until(() => unsent.figures.kept === 10, 'rows on disk');
  assert.equal(await of('rows_total{outcome="damaged"}'), 0);
  for (const name of site.files) {
    const file = join(site.directory, name);
    const bytes = readFileSync(file);
    bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  await until(async () => (await of('rows_total{outcome="damaged"}')) === 10, 'the damage');
  assert.equal(await of('rows_total{outcome="written"}'), 0);
  stop.abort();
  await ran;
});
