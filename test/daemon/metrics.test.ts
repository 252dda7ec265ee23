import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exposition } from '../../daemon/http/metrics/exposition.ts';
import { relayStatistics } from '../../daemon/relay/statistics.ts';
import { statistics } from '../../lib/report/statistics/all.ts';
import type { Statistic } from '../../lib/report/statistics/statistic.ts';
import { agent } from './agent.ts';
import { parse } from './exposition.ts';

test('all metrics are there from the start, in valid text, whatever has happened', async () => {
  const { metrics } = agent('namespace');
  const { types, values } = parse(await metrics());
  for (const [name] of types) assert.match(name, /^nstats_[a-z_]+$/);
  assert.ok(types.size > 30, `${types.size}`);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal(values.get(`nstats_build_info{version="${version}"}`), 1);
  assert.equal(values.get('nstats_attributed_bytes_total{peer_kind="pod",direction="sent"}'), 0);
});

test('a value that does not exist is absent, not zero', async () => {
  const { scrape } = agent();
  const values = await scrape();
  for (const name of ['last_window', 'spool_oldest_window'])
    assert.ok(!values.has(`nstats_${name}_timestamp_seconds`), name);
});

test('names from outside do not break the text', async () => {
  const odd = 'a"b\\c\nd';
  const some: Statistic<undefined>[] = [
    {
      metric: 'odd_total',
      labels: ['namespace'],
      help: 'A\\B\nC.',
      read: () => [[[odd], 1]],
    },
    { metric: 'even', help: 'x', read: () => 2.5 },
    { fields: { field: 'sum' }, help: 'No metric.', read: () => 1 },
  ];
  const { values } = parse(await exposition(some, undefined).metrics());
  assert.deepEqual([...values.keys()], ['odd_total{namespace="a\\"b\\\\c\\nd"}', 'even']);
});

test('each metric in the documentation is there', () => {
  const pages = globSync(['README.md', 'docs/**/*.md']).map((path) => readFileSync(path, 'utf8'));
  const used = new Set(pages.join('\n').match(/\bnstats_[a-z_]+/g));
  const known = new Set([...statistics, ...relayStatistics].map(({ metric }) => metric));
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  );
});
