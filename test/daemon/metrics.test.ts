import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allMetrics } from '../../daemon/http/metrics/all.ts';
import { exposition } from '../../daemon/http/metrics/exposition.ts';
import { counter, gauge } from '../../daemon/http/metrics/metric.ts';
import { agent, NODE, traffic, window } from './agent.ts';
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

test('a value that there is not is not there, rather than zero', async () => {
  const { scrape } = agent();
  const values = await scrape();
  for (const name of ['last_window', 'spool_oldest_window'])
    assert.ok(!values.has(`nstats_${name}_timestamp_seconds`), name);
});

test('two scrapes in a row say the same of what has not changed', async () => {
  const { totals, scrape } = agent();
  totals.add(window({ traffic: [traffic('a', [])] }));
  for (const _ of [1, 2])
    assert.equal((await scrape()).get('nstats_kernel_bytes_total{direction="sent"}'), 100);
});

test('names from outside do not break the text', async () => {
  const odd = 'a"b\\c\nd';
  const metrics = exposition([
    counter('odd_total', 'A\\B\nC.', ['namespace'], () => [[[odd], 1]]),
    gauge('even', 'x', () => 2.5),
  ]);
  const { values } = parse(await metrics.metrics());
  assert.deepEqual(
    [...values.keys()],
    ['nstats_odd_total{namespace="a\\"b\\\\c\\nd"}', 'nstats_even'],
  );
});

test('the documented table has all metrics with their types, and no others', async () => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const rows = page.matchAll(/^\| `(nstats_\w+)(?:\{([^}]*)\})?` \| (counter|gauge) \|/gm);
  const told = [...rows].map(([, name, labels = '', type]) => `${name} ${type} ${labels}`);
  const metrics = allMetrics({ node: NODE, ...agent('namespace') });
  assert.deepEqual(
    told.toSorted(),
    metrics.map(({ name, type, labels }) => `${name} ${type} ${labels.join(', ')}`).toSorted(),
  );
  const pages = globSync(['README.md', 'docs/**/*.md']).map((path) => readFileSync(path, 'utf8'));
  const used = new Set(pages.join('\n').match(/\bnstats_[a-z_]+/g));
  const known = new Set(metrics.map(({ name }) => name));
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  );
});
