import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EXPECTED } from '../dashboards/expected/all.ts';
import { edgeOf, near, rates as ratesOf, valueOf } from '../dashboards/answers.ts';
import { interpolate, load, NAMES, targets, type View } from '../dashboards/grafana.ts';
import { ALL, buildTraffic } from '../dashboards/traffic.ts';
import { type Row, until } from '../lab/influx.ts';
import { encodeTraffic } from '../../lib/influx/line-protocol.ts';
import { nameless } from '../../lib/naming/directory.ts';
import { createLab, type Lab } from '../lab/lab.ts';

const WINDOW = 5;
const SHOP = { namespace: ['shop'] };
const CHOSEN: { readonly [dashboard: string]: View['chosen'] } = {
  namespace: SHOP,
  pod: { ...SHOP, pod: ['web.v1.2-0'] },
};

const BY_RELAY = /^agent \/ (?:From the API server and the relay \/ B|Served by the relay)/;
const BY_PORT = /(Sent|Received), by port \//;
/** Has a query for every way that bytes may go, of which there are some here; what these have is below. */
const COST = /^cost \//;

let lab: Lab;
let view: View;
/** The rows of every query, by dashboard, panel and query. */
const answers = new Map<string, Row[]>();

before(async () => {
  lab = await createLab();
  await buildTraffic(lab);
  lab.daemon({ INTERVAL: `${WINDOW}s` });
  let whole: Awaited<ReturnType<typeof wholeWindows>>;
  await until(async () => (whole = await wholeWindows()) !== undefined, 'whole windows', 90);
  assert.ok(whole);
  view = { ...whole, interval: 10_000 };
  for (const name of NAMES) {
    const chosen = CHOSEN[name];
    for (const { panel, refId, query } of targets(load(name))) {
      const text = interpolate(query, { ...view, ...(chosen && { chosen }) });
      answers.set(`${name} / ${panel} / ${refId}`, await lab.influx.query(text));
    }
  }
});

after(() => lab.end());

test('every query of every dashboard has an answer, except those by port and about the relay, which are not there', () => {
  for (const [query, rows] of answers) {
    const values = rows.flatMap((row) => Object.values(row));
    if (!COST.test(query))
      assert.equal(rows.length > 0, !BY_PORT.test(query) && !BY_RELAY.test(query), query);
    assert.ok(!values.includes(null), `${query}: ${JSON.stringify(rows)}`);
  }
});

for (const { query, by, columns, sum } of EXPECTED) {
  test(`${query}: is what was sent`, () => {
    for (const [column, groups] of Object.entries(columns)) {
      const found = rates(query, by, column);
      for (const [group, rate] of Object.entries(groups)) {
        near(found.get(group) ?? 0, rate, `${query}, ${column} of ${group}`);
        found.delete(group);
      }
      // What is left is acknowledgements.
      for (const [group, rate] of found)
        assert.ok(rate < ALL / 200, `${query}, ${column} of ${group}: ${rate}`);
    }
    if (sum !== undefined) {
      const [column = ''] = Object.keys(columns);
      const all = [...rates(query, by, column).values()];
      near(
        all.reduce((total, rate) => total + rate, 0),
        sum,
        `${query}, in sum`,
      );
    }
  });
}

test('by port the rows that have one are added up, whoever the peer is', async () => {
  const names = { namespace: 'ported', name: 'web', workload: 'Pod/web' };
  const pod = { uid: 'u', cgroupUid: 'u', ...names, ips: [] };
  const edges = [
    { peer: nameless('external', 'a'), port: '443/tcp', sent: 7000, received: 50 },
    { peer: nameless('external', 'b'), port: '443/tcp', sent: 500, received: 0 },
    { peer: nameless('external', 'b'), port: '53/udp', sent: 30, received: 90 },
    { peer: nameless('other', '-'), sent: 9999, received: 9999 },
  ];
  const bytes = { sent: 0, received: 0 };
  const missing = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
  const totals = { attributed: bytes, kernel: undefined, uncounted: bytes, missing };
  const flags = { overloaded: false, paused: false };
  const traffic = { pod, iface: 'eth0', end: view.from, edges, ...totals, ...flags };
  const context = { cluster: '-', node: 'lab-1', zone: '-', interval: 10_000, podLabels: [] };
  await lab.influx.write(encodeTraffic(traffic, context));
  const chosen = { namespace: ['ported'], pod: ['web'] };
  for (const name of ['namespace', 'pod'] as const) {
    const queries = targets(load(name)).filter(({ panel }) => panel.endsWith('by port'));
    const found = await Promise.all(
      queries.map(async ({ query }) => {
        const rows = await lab.influx.query(interpolate(query, { ...view, chosen }));
        const sums = rows.map(
          (row) => [row['port'], (valueOf(row) * view.interval) / 8000] as const,
        );
        return Object.fromEntries(sums.filter(([, bytes]) => bytes > 0));
      }),
    );
    assert.deepEqual(found, [
      { '443/tcp': 7500, '53/udp': 30 },
      { '443/tcp': 50, '53/udp': 90 },
    ]);
  }
});

test('no byte is counted twice: the whole traffic, the edges and what was sent are the same', () => {
  const traffic = sumOf('cluster / All traffic');
  near(traffic, ALL, 'all traffic');
  assert.ok(Math.abs(traffic / sumOf('topology') - 1) < 1e-9, 'to the last byte');
  assert.ok(
    Math.abs(sumOf('cluster / From namespace') / sumOf('cluster / From zone') - 1) < 1e-9,
    'the two matrices',
  );
});

test('the edges of the graph have names of their own that can be taken apart', () => {
  const edges = [...answers].filter(([query]) => query.startsWith('topology'));
  const ids = edges.flatMap(([query, rows]) => rows.map((row) => edgeOf(query, row)));
  assert.equal(new Set(ids.map(({ id }) => id)).size, ids.length);
  for (const { id, source, target } of ids) assert.equal(id, `${source} > ${target}`);
});

test('every variable offers what there is in the time, within what is chosen before it', async () => {
  assert.deepEqual(await offers('cluster', 'namespace'), ['batch', 'data', 'shop']);
  assert.deepEqual(await offers('cluster', 'node'), ['lab-1']);
  assert.deepEqual(await offers('namespace', 'workload', SHOP), [
    'StatefulSet/api',
    'StatefulSet/web.v1.2',
  ]);
  assert.deepEqual(await offers('pod', 'pod', SHOP), ['api-0', 'web.v1.2-0']);
  assert.deepEqual(await offers('cluster', 'cluster'), ['-']);
  assert.deepEqual(await offers('namespace', 'node', SHOP), ['lab-1']);
  assert.deepEqual(await offers('topology', 'workload', { namespace: ['data', 'batch'] }), [
    'StatefulSet/db',
    'StatefulSet/report',
  ]);
  assert.deepEqual(await offers('agent', 'node'), ['lab-1']);
  assert.deepEqual(await offers('agent', 'namespace'), ['-']);
  const earlier = { ...view, from: view.from - 7_200_000, to: view.from - 3_600_000 };
  for (const name of NAMES)
    for (const { name: variable, type, query } of load(name).templating.list)
      if (type === 'query' && query.includes('$timeFilter'))
        assert.deepEqual(await lab.influx.query(interpolate(query, earlier)), [], variable);
});

test('a workload with a slash and dots, and several at once, are chosen exactly', async () => {
  const { query = '' } = targets(load('namespace'))[0] ?? {};
  for (const workload of [['StatefulSet/web.v1.2'], ['StatefulSet/api', 'StatefulSet/web.v1.2']]) {
    const text = interpolate(query, { ...view, chosen: { ...SHOP, workload } });
    const found = new Set((await lab.influx.query(text)).map((row) => row['workload']));
    assert.deepEqual(found, new Set(workload));
  }
});

test('the dashboard of nstats itself shows that all is well', () => {
  const [node] = answers.get('agent / Agents / A') ?? [];
  assert.equal(node?.['cluster'], '-');
  assert.deepEqual([node['node'], node['namespace'], node['pod']], ['lab-1', '-', '-']);
  assert.equal(node['windows'], (view.to - view.from) / 1000 / WINDOW + 1);
  assert.deepEqual([node['pods'], node['sessions'], node['rows_lost']], [4, 4, 0]);
  const one = (query: string, value: string) => Number(answers.get(query)?.[0]?.[value]);
  near(one('cluster / Attributed of what the kernel counted / A', 'attributed'), 1, 'attributed');
  for (const [query, rows] of answers) {
    if (!query.startsWith('agent / Attributed')) continue;
    for (const row of rows) near(valueOf(row), 1, query);
  }
  const cpu = (answers.get('agent / CPU / A') ?? []).map(valueOf);
  assert.ok(Math.max(...cpu) > 0 && Math.max(...cpu) < 2, cpu.join());
});

/**
 * From the first to the last window in which all of the traffic flowed, in whole points of a graph;
 * undefined until they are enough.
 */
async function wholeWindows(): Promise<{ from: number; to: number } | undefined> {
  const rows = await lab.influx.query('SELECT "podsSeen" FROM nstat_agent');
  const times = rows.map(({ time }) => time).slice(2);
  const from = times.find((time) => time % 10 === 0) ?? Infinity;
  const to = times.findLast((time) => time % 10 === WINDOW) ?? 0;
  return to - from > 20 ? { from: from * 1000, to: to * 1000 } : undefined;
}

/** The sum of the answers to the queries whose names begin so, in bytes a second. */
function sumOf(...queries: readonly string[]): number {
  return EXPECTED.filter(({ query }) => queries.some((start) => query.startsWith(start)))
    .flatMap(({ query, by, columns }) =>
      Object.keys(columns).flatMap((column) => [...rates(query, by, column).values()]),
    )
    .reduce((total, rate) => total + rate, 0);
}

/** What can be chosen for a variable. */
async function offers(
  name: (typeof NAMES)[number],
  variable: string,
  chosen?: View['chosen'],
): Promise<string[]> {
  const { query = '' } = load(name).templating.list.find(({ name }) => name === variable) ?? {};
  const rows = await lab.influx.query(interpolate(query, { ...view, ...(chosen && { chosen }) }));
  return rows.map((row) => String(row[variable])).sort((a, b) => a.localeCompare(b));
}

/** Bytes a second of each group of an answer. */
function rates(query: string, by: readonly string[], column: string): Map<string, number> {
  const rows = answers.get(query) ?? assert.fail(`${query}: is in no dashboard`);
  const seconds = (view.to - view.from) / 1000 + WINDOW;
  return ratesOf({ query, rows, seconds, interval: view.interval }, by, column);
}
