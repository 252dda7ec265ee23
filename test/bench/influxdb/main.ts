/** What the rows of a node take on the wire, in the index and on the disk of a real influxd. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, encodeTraffic } from '../../../lib/influx/line-protocol.ts';
import { writer } from '../../../lib/influx/writer.ts';
import { ip, Processes } from '../../lab/shell.ts';
import { held, startStore, stored } from './store.ts';
import { SyntheticNode, type Variant } from './node.ts';
import { type Figures, resultOf } from './table.ts';
import { sentTo } from './wire.ts';

const quick = process.argv.includes('--quick');
const MINUTES = quick ? 4 : 60;
const WINDOW = 10_000;
const REPORT = 600_000;
const CONTEXT = { cluster: '-', node: 'worker-7', zone: 'zone-1', interval: WINDOW, podLabels: [] };
const TAGGED = {
  ...CONTEXT,
  cluster: 'production-eu-1',
  podLabels: ['team', 'app.kubernetes.io/name'].map((key) => {
    return { key, tag: `label_${key.replaceAll(/\W/g, '_')}` };
  }),
};
const BY_POD = { peerDetail: 'pod', podDetail: 'pod', short: false } as const;
const VARIANTS: readonly (Variant & { readonly name: string; readonly context?: Context })[] = [
  { name: 'the defaults', ...BY_POD },
  { name: '`PEER_DETAIL=workload`', ...BY_POD, peerDetail: 'workload' },
  { name: '`CLUSTER`, two `POD_LABELS`', ...BY_POD, context: TAGGED },
  { name: 'short-lived pods', ...BY_POD, short: true },
  {
    name: 'short-lived pods, `POD_DETAIL=workload`',
    ...BY_POD,
    short: true,
    podDetail: 'workload',
  },
];
/** Whole tens of minutes, so that pods are made again as often in every run. */
const END = Math.floor(Date.now() / REPORT) * REPORT;
const START = END - MINUTES * 60_000;
const HALF = (START + END) / 2;

const root = process.env['LAB_DIRECTORY'];
if (!root) throw new Error('this needs walls: node test/lab/enter.ts test/bench/influxdb/main.ts');
ip(['link set lo up']);
const processes = new Processes();
try {
  const figures: Figures[] = [];
  for (const nth of VARIANTS.keys()) if (nth % 2 === 0) figures.push(...(await pair(nth)));
  process.stdout.write(JSON.stringify(resultOf(figures, MINUTES)));
} finally {
  await processes.end();
}

/** Two at a time, since each waits for its influxd as much as it works. */
function pair(nth: number): Promise<Figures[]> {
  const two = VARIANTS.slice(nth, nth + 2);
  return Promise.all(two.map((variant, at) => fill(variant, 8086 + 10 * (nth + at))));
}

async function fill(variant: (typeof VARIANTS)[number], port: number): Promise<Figures> {
  const { name, context = CONTEXT } = variant;
  const directory = join(root ?? '', `influxdb-${port}`);
  mkdirSync(directory);
  const influx = await startStore(directory, processes, port);
  const { url, database } = influx;
  const none = { retentionPolicy: undefined, username: undefined, password: undefined };
  const write = writer({ api: 1, url, database, ...none });
  const node = new SyntheticNode(variant);
  let [rows, plain, half] = [0, 0, 0];
  const wire = sentTo(url);
  for (let start = START; start < END; start += WINDOW) {
    const traffic = node.window(start, start + WINDOW);
    const lines = traffic.flatMap((each) => encodeTraffic(each, context));
    await write(lines.join('\n'));
    rows += lines.length;
    plain += lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (start + WINDOW === HALF) half = await stored(directory);
    if ((start + WINDOW) % REPORT === 0) console.error(`influxdb: ${rows} rows, ${name}`);
  }
  const sent = wire();
  const { rows: there, series } = await held(influx);
  if (there !== rows) throw new Error(`InfluxDB has ${there} of ${rows} rows`);
  const disk = await stored(directory);
  await influx.stop();
  return { variant: name, rows, plain, wire: sent, series, half, disk };
}
