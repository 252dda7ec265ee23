import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { valueOf } from '../dashboards/answers.ts';
import { counted } from '../dashboards/counted.ts';
import { interpolate, load, targets, type View } from '../dashboards/grafana.ts';
import { before as older, everyWay, type Made, rowsOf } from '../dashboards/made.ts';
import {
  type Influx,
  type Row,
  startInflux,
  startVictoria,
  until,
  type Victoria,
} from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';
import { encodeAgent } from '../../lib/influx/line-protocol.ts';

/** VictoriaMetrics takes no rows of the future. */
const END = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
const VIEW = { from: END - 1_800_000, to: END + 1_800_000, interval: 10_000 };
/** Rows of before, of a cluster that has no name, of two that have one, and of workloads whose pods are one. */
const OLD = everyWay('-').map((made) => ({ ...made, namespace: `old-${made.namespace}` }));
const NEW = ['-', 'c1', 'c2'].flatMap((cluster) => everyWay(cluster));
const FOLDED = everyWay('folded').map((made) => ({ ...made, namespace: 'jobs', pod: '-' }));
const ALL = [...OLD, ...NEW, ...FOLDED];
const LINES = [
  ...older(OLD.flatMap((made) => rowsOf(made, END))),
  ...[...NEW, ...FOLDED].flatMap((made) => rowsOf(made, END)),
  ...older([agentOf('-')]),
  ...['-', 'c1', 'c2', 'folded'].map(agentOf),
];

function agentOf(cluster: string): string {
  const agent = { cluster, node: 'node-1', sidecar: undefined };
  return encodeAgent(agent, END, { podsSeen: { integer: 1 } });
}

const processes = new Processes();
const directory = mkdtempSync(join(tmpdir(), 'nstats-upgrade-'));
let influx: Influx;
let victoria: Victoria;

before(async () => {
  ip(['link set lo up']);
  influx = await startInflux(directory, processes, { port: 18_106 });
  victoria = await startVictoria(directory, processes, 18_448);
  await influx.write(LINES);
});

after(async () => {
  await processes.end();
  rmSync(directory, { recursive: true, force: true });
});

type Chosen = View['chosen'];

async function ask(query: string, chosen: Chosen = {}): Promise<Row[]> {
  return influx.query(interpolate(query, { ...VIEW, chosen }));
}

/** The bytes of panels whose queries have one figure in each row. */
async function bytesOf(name: 'cluster' | 'topology', title: string, chosen?: Chosen) {
  const queries = targets(load(name)).filter(({ panel }) => panel.startsWith(title));
  const rows = await Promise.all(queries.map(({ query }) => ask(query, chosen)));
  return rows.flat().reduce((sum, row) => sum + valueOf(row), 0);
}

/** What can be chosen for a variable. */
async function list(variable: string, chosen?: Chosen): Promise<string[]> {
  const found = load('topology').templating.list.find(({ name }) => name === variable);
  const rows = await ask(found?.query ?? '', chosen);
  return rows.map((row) => String(row[variable])).sort((a, b) => a.localeCompare(b));
}

function sentIn(rows: readonly Made[]): number {
  return rows.reduce((sum, { sent }) => sum + sent, 0);
}

test('All has the rows of before and of now, a cluster only its own', async () => {
  for (const [name, title] of [
    ['cluster', 'All traffic'],
    ['topology', 'From workload'],
  ] as const) {
    assert.equal(await bytesOf(name, title), counted(ALL).all, title);
    for (const cluster of [['-'], ['c1'], ['c1', 'c2']]) {
      const own = NEW.filter((made) => cluster.includes(made.cluster));
      assert.equal(
        await bytesOf(name, title, { cluster }),
        counted(own).all,
        `${title} ${cluster.join()}`,
      );
    }
  }
});

test('what was before there were scopes is not priced, and is there', async () => {
  const queries = targets(load('cost')).filter(({ panel }) => panel.startsWith('Not priced'));
  const rows = (await Promise.all(queries.map(({ query }) => ask(query)))).flat();
  const unknown = [...NEW, ...FOLDED].filter(({ peer }) => peer.scope === '-');
  assert.equal(
    rows.reduce((sum, row) => sum + Number(row['bytes']), 0),
    counted([...OLD, ...unknown]).all,
  );
});

test('the lists have what was before, and what is of the chosen clusters', async () => {
  const own = ['data', 'shop'];
  assert.deepEqual(await list('namespace'), ['data', 'jobs', 'old-data', 'old-shop', 'shop']);
  assert.deepEqual(await list('namespace', { cluster: ['c1'] }), own);
  assert.deepEqual(await list('workload', { cluster: ['c2'], namespace: ['shop'] }), [
    'Deployment/web',
  ]);
  const clusters = await list('cluster');
  assert.deepEqual(clusters, ['-', 'c1', 'c2', 'folded']);
});

test('workloads whose pods are one are told apart, where pods are', async () => {
  const jobs = { namespace: ['jobs'] };
  const one = targets(load('namespace')).find(({ panel }) => panel === 'Sent, by pod');
  const lines = await ask(one?.query ?? '', jobs);
  const names = new Set(lines.map(({ pod, workload }) => `${pod} (${workload})`));
  assert.deepEqual(names, new Set(['- (Deployment/web)', '- (Deployment/db)', '- (Job/dump)']));
  const peers = targets(load('pod')).find(({ panel }) => panel === 'Peers');
  const rows = await ask(peers?.query ?? '', { ...jobs, workload: ['Job/dump'], pod: ['-'] });
  const own = FOLDED.filter(({ workload }) => workload === 'Job/dump');
  assert.equal(
    rows.reduce((sum, { sent }) => sum + Number(sent), 0),
    sentIn(own),
  );
});

test('VictoriaMetrics: a selector of all clusters has both, too', async () => {
  const answer = await fetch(`${victoria.url}/write?db=nstats&precision=s`, {
    method: 'POST',
    body: LINES.join('\n'),
  });
  assert.ok(answer.ok);
  const sent = async (selector: string) => {
    const series = await victoria.export(`nstat_sentBytes{${selector}}`);
    return series.flatMap(({ values }) => values).reduce((sum, value) => sum + value, 0);
  };
  await until(async () => (await sent('cluster=~".*"')) === sentIn(ALL), 'all rows');
  assert.equal(await sent('cluster=~"c1"'), sentIn(NEW.filter(({ cluster }) => cluster === 'c1')));
  const unpriced = [...NEW, ...FOLDED].filter(({ peer }) => peer.scope === '-');
  const selector = 'scope!~"zone|cross-zone|cross-region|internet|private"';
  assert.equal(await sent(selector), sentIn([...OLD, ...unpriced]));
});
