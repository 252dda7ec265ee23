import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Influx, type Row, startInflux, until } from '../../lab/influx.ts';
import type { Processes } from '../../lab/shell.ts';

/** What lies in memory and in the write-ahead log becomes a file at once, and files one file. */
const AT_REST = `
  cache-snapshot-write-cold-duration = "1s"
  compact-full-write-cold-duration = "1s"
`;
/** Milliseconds without a change; it looks once a second whether there is something to do. */
const STILL = 2500;
/** Seconds. */
const PATIENCE = 60;

/** Starts an influxd that brings what it has to rest as soon as nothing more comes. */
export function startStore(directory: string, processes: Processes, port: number): Promise<Influx> {
  return startInflux(directory, processes, { port, data: AT_REST });
}

/** What a query finds there. */
export async function held(influx: Influx): Promise<{ rows: number; series: number }> {
  const counts = ['count("sentBytes") FROM nstat', 'count("sentAttributed") FROM nstat_pod'];
  const answers = await Promise.all(counts.map((count) => influx.query(`SELECT ${count}`)));
  const cardinality = await influx.query('SHOW SERIES EXACT CARDINALITY');
  return { rows: sum(answers.flat()), series: sum(cardinality) };
}

function sum(rows: readonly Row[]): number {
  return rows.reduce((total, { count }) => total + Number(count), 0);
}

/** Waits until all that it has is in one file; resolves to its size in bytes. */
export async function stored(directory: string): Promise<number> {
  let [seen, since] = ['', Date.now()];
  const atRest = () => {
    const files = filesIn(directory);
    const now = JSON.stringify(files);
    if (now !== seen) [seen, since] = [now, Date.now()];
    const one =
      sizes(files, '.tsm').length === 1 && sizes(files, '.wal').every((size) => size === 0);
    return one && Date.now() - since > STILL;
  };
  await until(atRest, 'InfluxDB at rest', PATIENCE);
  return sizes(filesIn(directory), '.tsm')[0] ?? NaN;
}

function sizes(files: ReturnType<typeof filesIn>, ending: string): number[] {
  return files.filter(({ name }) => name.endsWith(ending)).map(({ size }) => size);
}

function filesIn(directory: string): { name: string; size: number }[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  // One may be gone by now.
  return names.flatMap((name) => {
    const size = statSync(join(directory, name), { throwIfNoEntry: false })?.size;
    return size === undefined ? [] : [{ name, size }];
  });
}
