import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeriesCount } from '../../lib/influx/series-count.ts';

test('rows of the same tags are one series, whatever their fields and times', () => {
  const series = new SeriesCount(10);
  series.add(['a,pod=x b=1i 10', 'a,pod=x b=2i 20', 'a,pod=y b=1i 10', 'c,pod=x b=1i 10']);
  series.add(['a,pod=x b=3i 30']);
  assert.equal(series.size, 3);
  series.add(['a,pod=x\\ 1 b=1i 10', 'a,pod=x\\ 2 b=1i 10']);
  assert.equal(series.size, 5, 'an escaped space does not end the tags');
});

test('fifty thousand series are told apart, and no more are counted than may be', () => {
  const rows = Array.from({ length: 50_000 }, (_, index) => `nstat,pod=web-${index} b=1i 10`);
  const [all, few] = [new SeriesCount(100_000), new SeriesCount(1000)];
  all.add(rows);
  few.add(rows);
  assert.ok(all.size > 49_990 && all.size <= 50_000);
  assert.equal(few.size, 1000);
});
