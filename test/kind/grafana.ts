/**
 * Asks a running Grafana whether the dashboards are provisioned, and runs every query of every panel by way of
 * its own API: node test/kind/grafana.ts http://127.0.0.1:3000
 */
import { type Dashboard, interpolate, load, NAMES, targets } from '../dashboards/grafana.ts';
import { until } from '../lab/influx.ts';

interface Frame {
  readonly data: { readonly values: readonly (readonly unknown[])[] };
}

interface Results {
  readonly results: {
    readonly [refId: string]: { readonly error?: string; readonly frames?: readonly Frame[] };
  };
}

const [grafana = 'http://127.0.0.1:3000'] = process.argv.slice(2);
/** The panels that must have figures once traffic has been seen; others may well be empty. */
const FILLED = new Set(['cluster', 'pod', 'agent', 'topology']);
const RANGE = 15 * 60_000;
/** Seconds. */
const PATIENCE = 180;

let failures = 0;
await until(
  async () => (await rows('SELECT count("sentBytes") FROM "nstat"')) > 0,
  'rows of nstat',
  PATIENCE,
);
for (const name of NAMES) {
  const dashboard = load(name);
  const answer = await fetch(`${grafana}/api/dashboards/uid/${dashboard.uid}`);
  report(answer.ok, `dashboard ${dashboard.uid} is provisioned (${answer.status})`);
  await panels(name, dashboard);
}
console.log(failures === 0 ? 'Grafana has it all.' : `${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

async function panels(name: string, dashboard: Dashboard): Promise<void> {
  const now = Date.now();
  let filled = 0;
  for (const { panel, refId, query: text, resultFormat } of targets(dashboard)) {
    const query = interpolate(text, { from: now - RANGE, to: now, interval: 10_000 });
    const { error, frames } = await ask({ refId, query, resultFormat });
    report(!error, `${dashboard.uid} / ${panel} / ${refId}${error ? `: ${error}` : ''}`);
    filled += count(frames);
  }
  if (FILLED.has(name)) report(filled > 0, `${dashboard.uid} has figures`);
}

async function ask(target: { refId: string; query: string; resultFormat: string }) {
  const now = Date.now();
  const datasource = { type: 'influxdb', uid: 'nstats' };
  const body = {
    from: `${now - RANGE}`,
    to: `${now}`,
    queries: [{ ...target, rawQuery: true, datasource, intervalMs: 10_000, maxDataPoints: 360 }],
  };
  const answer = await fetch(`${grafana}/api/ds/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { results } = (await answer.json()) as Results;
  return results[target.refId] ?? { error: `no answer: ${answer.status}` };
}

async function rows(query: string): Promise<number> {
  const { frames } = await ask({ refId: 'A', query, resultFormat: 'table' });
  return count(frames);
}

function count(frames: readonly Frame[] = []): number {
  return frames.reduce((sum, { data }) => sum + (data.values[0]?.length ?? 0), 0);
}

function report(good: boolean, what: string): void {
  if (!good) failures += 1;
  console.log(`${good ? 'ok  ' : 'FAIL'}  ${what}`);
}
