/** What the rows of a node take on the wire, in the index and on the disk of a real influxd. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTraffic } from '../../../lib/influx/line-protocol.ts';
import { writer } from '../../../lib/influx/writer.ts';
import { ip, Processes } from '../../lab/shell.ts';
import { held, startStore, stored } from './store.ts';
import { type Detail, SyntheticNode } from './node.ts';
import { type Figures, resultOf } from './table.ts';
import { sentTo } from './wire.ts';

const quick = process.argv.includes('--quick');
const MINUTES = quick ? 4 : 60;
const WINDOW = 10_000;
const REPORT = 600_000;
const CONTEXT = { node: 'worker-7', zone: 'zone-1', interval: WINDOW };
const END = Math.floor(Date.now() / WINDOW) * WINDOW;
const START = END - MINUTES * 60_000;
const HALF = (START + END) / 2;

const root = process.env['LAB_DIRECTORY'];
if (!root) throw new Error('this needs walls: node test/lab/enter.ts test/bench/influxdb/main.ts');
ip(['link set lo up']);
const processes = new Processes();
try {
  const figures = await Promise.all([fill('pod', 8086), fill('workload', 8096)]);
  process.stdout.write(JSON.stringify(resultOf(figures, MINUTES)));
} finally {
  await processes.end();
}

async function fill(detail: Detail, port: number): Promise<Figures> {
  const directory = join(root ?? '', `influxdb-${detail}`);
  mkdirSync(directory);
  const influx = await startStore(directory, processes, port);
  const { url, database } = influx;
  const none = { retentionPolicy: undefined, username: undefined, password: undefined };
  const write = writer({ api: 1, url, database, ...none });
  const node = new SyntheticNode(detail);
  let [rows, plain, half] = [0, 0, 0];
  const wire = sentTo(url);
  for (let start = START; start < END; start += WINDOW) {
    const traffic = node.window(start, start + WINDOW);
    const lines = traffic.flatMap((each) => encodeTraffic(each, CONTEXT));
    await write(lines.join('\n'));
    rows += lines.length;
    plain += lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (start + WINDOW === HALF) half = await stored(directory);
    if ((start + WINDOW) % REPORT === 0) console.error(`influxdb: ${rows} rows by ${detail}`);
  }
  const sent = wire();
  const { rows: there, series } = await held(influx);
  if (there !== rows) throw new Error(`InfluxDB has ${there} of ${rows} rows`);
  const disk = await stored(directory);
  await influx.stop();
  return { detail, rows, plain, wire: sent, series, half, disk };
}
