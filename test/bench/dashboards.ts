/**
 * Fills a real influxd with the rows of 2 000 pods with 20 peers each, every 10 seconds for so many
 * minutes, and times every query of every dashboard, or of those that are named:
 *
 *   npm run bench:dashboards [-- <minutes> [<dashboard>...]]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interpolate, intervalOf, load, NAMES, targets } from '../dashboards/grafana.ts';
import { type Influx, startInflux } from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';
import { rowsOf, SAMPLE } from './rows.ts';

const [, , length = '60', ...names] = process.argv;
const minutes = Number(length);
const WINDOW = 10;
const END = Math.floor(Date.now() / 60_000) * 60;
const START = END - minutes * 60;

const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
const processes = new Processes();
try {
  ip(['link set lo up']);
  const influx = await startInflux(directory, processes);
  const before = performance.now();
  const rows = await fill(influx);
  const seconds = (performance.now() - before) / 1000;
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const disk = files.reduce((sum, file) => sum + statSync(join(directory, file)).size, 0) / 1e6;
  console.log(
    `${minutes} minutes: ${rows} rows in ${seconds.toFixed(0)} s, ${(rows / seconds).toFixed(0)} rows a second, ${disk.toFixed(0)} MB on disk\n`,
  );
  const ranges = [...new Set([Math.ceil(minutes / 5), minutes])];
  const heads = ranges.map((range) => `${range} min: answer | ms`).join(' | ');
  console.log(`| dashboard / panel / query | ${heads} |\n|${'---|'.repeat(1 + 2 * ranges.length)}`);
  const wanted = NAMES.filter((name) => names.length === 0 || names.includes(name));
  for (const name of wanted) await time(influx, name, ranges);
} finally {
  await processes.end();
  rmSync(directory, { recursive: true });
}

async function fill(influx: Influx): Promise<number> {
  let total = 0;
  for (let time = START + WINDOW; time <= END; time += WINDOW) {
    for (const { text, rows } of rowsOf(time)) {
      const url = `${influx.url}/write?db=${influx.database}&precision=s`;
      const answer = await fetch(url, { method: 'POST', body: text });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      total += rows;
    }
    if ((time - START) % 300 === 0) console.error(`${(time - START) / 60} minutes, ${total} rows`);
  }
  return total;
}

/** Each query twice, of which the slower counts. */
async function time(
  influx: Influx,
  name: (typeof NAMES)[number],
  ranges: readonly number[],
): Promise<void> {
  const { namespace, pod } = SAMPLE;
  const cost = { team: ['label_team'] };
  const chosen = { cost, namespace: { namespace }, pod: { namespace, pod } };
  const dashboard = load(name);
  const lists = dashboard.templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => ({ panel: 'list', refId: name, query }));
  for (const { panel, refId, query } of [...lists, ...targets(dashboard)]) {
    const points = dashboard.panels.find(({ title }) => title === panel)?.maxDataPoints ?? 360;
    const cells: string[] = [];
    for (const range of ranges) {
      const from = (END - range * 60) * 1000;
      const interval = intervalOf(range * 60_000, points, WINDOW * 1000);
      const view = { from, to: END * 1000, interval, chosen: Object(chosen)[name] ?? {} };
      const times: number[] = [];
      let rows = 0;
      for (let run = 0; run < 2; run += 1) {
        const before = performance.now();
        rows = (await influx.query(interpolate(query, view))).length;
        times.push(performance.now() - before);
      }
      cells.push(`${rows}`, Math.max(...times).toFixed(0));
    }
    console.log(`| ${name} / ${panel} / ${refId} | ${cells.join(' | ')} |`);
  }
}
