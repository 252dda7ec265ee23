import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { counted } from '../dashboards/counted.ts';
import { interpolate, load } from '../dashboards/grafana.ts';
import { joined } from '../dashboards/joined.ts';
import { everyWay, type Made, rowsOf } from '../dashboards/made.ts';
import { type Influx, startInflux } from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';

const END = 1_800_000_000_000;
const VIEW = { from: END - 1_800_000, to: END + 1_800_000, interval: 10_000 };
/** In a month of 30.44 days, for what was in an hour. */
const MONTH = 30.44 * 24;
/** Prices that nobody has, so that none stands for another. */
const PRICES: { readonly [price: string]: number } = {
  zone: 0.001,
  cross_zone: 0.013,
  cross_region: 0.029,
  internet_out: 0.087,
  internet_in: 0.003,
  private: 0.047,
};
const prices = Object.entries(PRICES).map(([name, price]) => [`price_${name}`, [`${price}`]]);
const chosen: { readonly [variable: string]: readonly string[] } = Object.fromEntries(prices);
const ALL = everyWay('c1');

const processes = new Processes();
const directory = mkdtempSync(join(tmpdir(), 'nstats-cost-'));
let influx: Influx;

before(async () => {
  ip(['link set lo up']);
  influx = await startInflux(directory, processes, { port: 18_096 });
  await influx.write(ALL.flatMap((made) => rowsOf(made, END)));
});

after(async () => {
  await processes.end();
  rmSync(directory, { recursive: true, force: true });
});

function costOf(rows: readonly Made[]): number {
  return Object.entries(PRICES)
    .map(([name, price]) => ((counted(rows)[name] ?? 0) / 1e9) * price)
    .reduce((sum, cost) => sum + cost, 0);
}

/** The answers to the queries of a panel whose title begins so, */
async function answers(title: string, more: typeof chosen = {}) {
  const panel = load('cost').panels.find((panel) => panel.title.startsWith(title));
  assert.ok(panel, title);
  const view = { ...VIEW, chosen: { ...chosen, ...more } };
  const queries = panel.targets.map(({ query }) => interpolate(query, view));
  return { panel, rows: await Promise.all(queries.map((query) => influx.query(query))) };
}

/** and the rows that Grafana makes of them. */
async function shown(title: string, more?: typeof chosen) {
  const { panel, rows } = await answers(title, more);
  return joined(rows, panel.transformations ?? []);
}

/** The same but for the last digits of a float. */
function near(found: unknown, wanted: number, what: string): void {
  const error = Math.abs(Number(found) - wanted);
  assert.ok(error <= Math.abs(wanted) * 1e-9, `${what}: ${Number(found)} for ${wanted}`);
}

test('every byte is in one scope, once, to the last byte', async () => {
  const [row = {}] = await shown('Bytes,');
  for (const [column, bytes] of Object.entries(counted(ALL)))
    assert.equal(row[column], bytes, column);
  const { zone = 0, cross_zone = 0, cross_region = 0, all } = counted(ALL);
  const rest = await answers('Not priced');
  assert.equal(sumOf(rest.rows.flat(), 'bytes'), counted(ALL)['not_priced']);
  near(row['in_zone'], zone / (zone + cross_zone + cross_region), 'in the zone');
  const scopes = [...Object.keys(PRICES), 'not_priced'].map((column) => Number(row[column]));
  assert.equal(
    scopes.reduce((sum, bytes) => sum + bytes, 0),
    all,
  );
});

test('the cost is bytes by price, and a month is as much for longer', async () => {
  const [row = {}] = await shown('Cost, ');
  near(row['cost'], costOf(ALL), 'cost');
  near(row['month'], costOf(ALL) * MONTH, 'month');
  assert.equal(row['not_priced'], counted(ALL)['not_priced']);
  for (const [name, price] of Object.entries(PRICES))
    near(row[name], ((counted(ALL)[name] ?? 0) / 1e9) * price, name);
});

const TABLES: { readonly [title: string]: { [column: string]: (made: Made) => string } } = {
  'Cost by ${team}': { label_team: ({ team }) => team },
  'Cost by namespace': { namespace: ({ namespace }) => namespace },
  'Cost by workload': {
    namespace: ({ namespace }) => namespace,
    workload: ({ workload }) => workload,
  },
  'Cost by pair': {
    namespace: ({ namespace }) => namespace,
    workload: ({ workload }) => workload,
    peer_kind: ({ peer }) => peer.kind,
    peer_namespace: ({ peer }) => peer.namespace,
    peer_workload: ({ peer }) => peer.workload,
  },
};

for (const [title, tags] of Object.entries(TABLES)) {
  test(`${title}: every group has its own, and all have the sum`, async () => {
    const groups = Map.groupBy(ALL, (made) =>
      Object.values(tags)
        .map((value) => value(made))
        .join(' | '),
    );
    const rows = await shown(title, { team: ['label_team'] });
    assert.equal(rows.length, groups.size);
    for (const row of rows) {
      const key = Object.keys(tags).map((column) => row[column]);
      const group = groups.get(key.join(' | ')) ?? assert.fail(key.join(' | '));
      near(row['cost'], costOf(group), key.join(' | '));
      assert.equal(row['not_priced'], counted(group)['not_priced'] ?? 0, key.join(' | '));
    }
    near(sumOf(rows, 'cost'), costOf(ALL), 'all');
    assert.equal(sumOf(rows, 'not_priced'), counted(ALL)['not_priced']);
  });
}

test('Cost of outside networks: only these, each by its name', async () => {
  const outside = ALL.filter(({ peer }) => peer.kind === 'external');
  const rows = await shown('Cost of outside');
  near(sumOf(rows, 'cost'), costOf(outside), 'all');
  assert.deepEqual(
    new Set(rows.map(({ peer }) => peer)),
    new Set(outside.map(({ peer }) => peer.name)),
  );
});

test('What a move would save is what pods pay for the way to another zone, less the way within one', async () => {
  const rows = await shown('What a move');
  const far = ALL.filter(({ peer }) => peer.kind === 'pod' && peer.scope.startsWith('cross'));
  assert.equal(rows.length, far.length);
  for (const { namespace, workload, peer, sent } of far) {
    const row = rows.find(
      (row) =>
        row['namespace'] === namespace &&
        row['workload'] === workload &&
        row['peer_workload'] === peer.workload,
    );
    const price = (PRICES[peer.scope.replace('-', '_')] ?? 0) - (PRICES['zone'] ?? 0);
    assert.equal(row?.['scope'], peer.scope);
    assert.equal(row?.['bytes'], sent);
    near(row?.['saving'], (sent / 1e9) * price, 'saving');
    near(row?.['month'], (sent / 1e9) * price * MONTH, 'month');
  }
});

test('the list of tags to group by has the labels first, and the namespace', async () => {
  const { query = '', regex = '' } =
    load('cost').templating.list.find(({ name }) => name === 'team') ?? {};
  const [, pattern = ''] = /^\/(.*)\/$/.exec(regex) ?? [];
  const keys = (await influx.query(query)).map(({ tagKey }) => `${tagKey}`);
  assert.deepEqual(keys.filter((key) => new RegExp(pattern).test(key)).toSorted(), [
    'label_team',
    'namespace',
  ]);
});

function sumOf(rows: readonly { [column: string]: unknown }[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}
