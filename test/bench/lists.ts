/**
 * Times what fills the lists of the dashboards' variables, on a real influxd with 2 000 pods that are there and 100 000
 * that were in the two weeks before, with the index in memory and with the one on disk:
 *
 *   node test/lab/enter.ts test/bench/lists.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interpolate, load } from '../dashboards/grafana.ts';
import { type Influx, startInflux } from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';

const DEAD = 100_000;
const LIVE = 2000;
const HOUR = 3600;
const DAY = 24 * HOUR;
const END = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
const RUNS = 5;
const BATCH = 10_000;

const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-lists-'));
const processes = new Processes();
try {
  ip(['link set lo up']);
  console.log('| index | hours | list | values | ms | SHOW TAG VALUES: values | ms |');
  console.log(`|${'---|'.repeat(7)}`);
  for (const [index, port] of [
    ['inmem', 8086],
    ['tsi1', 8096],
  ] as const) {
    const data = `index-version = "${index}"\n  max-values-per-tag = 0`;
    const influx = await startInflux(directory, processes, { port, data });
    await fill(influx);
    for (const hours of [1, 24, 14 * 24]) await time(influx, index, hours);
    await influx.stop();
  }
} finally {
  await processes.end();
  rmSync(directory, { recursive: true });
}

/** A dead pod has rows of five minutes, one that lives those of the last hour. */
async function fill(influx: Influx): Promise<void> {
  let batch: string[] = [];
  for (const row of rows()) {
    if (batch.push(row) < BATCH) continue;
    await influx.write(batch);
    batch = [];
  }
  await influx.write(batch);
}

function* rows(): Generator<string> {
  for (let nth = 0; nth < DEAD; nth += 1) {
    const start = END - 14 * DAY + Math.floor((nth / DEAD) * 13 * DAY);
    for (let row = 0; row < 30; row += 1) yield `${pod(nth, 'dead')} ${start + row * 10}`;
  }
  for (let time = END - HOUR + 10; time <= END; time += 10) {
    for (let nth = 0; nth < LIVE; nth += 1) yield `${pod(nth, 'live')} ${time}`;
    for (let node = 0; node < 50; node += 1)
      yield `nstat_agent,cluster=prod,node=worker-${node},namespace=-,pod=- podsSeen=40i ${time}`;
  }
}

function pod(nth: number, kind: string): string {
  const app = `app-${Math.floor(nth / 20) % 10}`;
  const tags = `namespace=team-${nth % 20},pod=${app}-${kind}-${nth},workload=Deployment/${app}`;
  return `nstat_pod,cluster=prod,${tags},node=worker-${nth % 50},interface=eth0 sentAttributed=499000i`;
}

async function time(influx: Influx, index: string, hours: number): Promise<void> {
  const view = { from: (END - hours * HOUR) * 1000, to: END * 1000, interval: 10_000 };
  const chosen = { namespace: ['team-7'] };
  for (const { name, query } of load('pod').templating.list.filter(
    ({ type }) => type === 'query',
  )) {
    const from = /FROM "(nstat_\w+)"/.exec(query)?.[1];
    const within = name === 'pod' || name === 'workload' ? ' AND "namespace" =~ /^team-7$/' : '';
    const show = `SHOW TAG VALUES FROM "${from}" WITH KEY = "${name}" WHERE $timeFilter${within}`;
    const cells = [];
    for (const text of [query, show])
      cells.push(...(await timed(influx, interpolate(text, { ...view, chosen }))));
    console.log(`| ${index} | ${hours} | ${name} | ${cells.join(' | ')} |`);
  }
}

/** How many rows a query has, and the median of its times in milliseconds. */
async function timed(influx: Influx, query: string): Promise<[number, string]> {
  const times: number[] = [];
  let found = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const before = performance.now();
    found = (await influx.query(query)).length;
    times.push(performance.now() - before);
  }
  return [found, (times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? NaN).toFixed(0)];
}
