import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill, type Processes } from './shell.ts';

export interface Row {
  readonly time: number;
  readonly [column: string]: string | number | null;
}

/** A database that takes line protocol and answers InfluxQL. */
export interface Influx {
  readonly url: string;
  readonly database: string;
  /** Runs an InfluxQL query and returns its rows, tags of the series included. */
  query(query: string): Promise<Row[]>;
  /** Takes rows in line protocol. */
  write(rows: readonly string[]): Promise<void>;
  /** Removes all rows of nstats. */
  clear(): Promise<void>;
  stop(): Promise<void>;
  /** After `stop`, with all that it had. */
  start(): Promise<void>;
}

const DATABASE = 'nstats';

/** Starts a real influxd 1.x with a database in the directory; `data`: more settings of its storage. */
export async function startInflux(
  directory: string,
  processes: Processes,
  { host = '127.0.0.1', port = 8086, data = '' } = {},
): Promise<Influx> {
  const path = join(directory, `influx-${port}`);
  mkdirSync(path, { recursive: true });
  const config = `
reporting-enabled = false
bind-address = "127.0.0.1:${port + 2}"
[meta]
  dir = "${path}/meta"
[data]
  dir = "${path}/data"
  wal-dir = "${path}/wal"
  query-log-enabled = false
  ${data}
[monitor]
  store-enabled = false
[http]
  bind-address = "${host}:${port}"
  log-enabled = false
[logging]
  level = "error"
  suppress-logo = true
`;
  writeFileSync(`${path}/influxdb.conf`, config);
  const url = `http://${host}:${port}`;
  const run = () =>
    processes.start('influxd', ['run', '-config', `${path}/influxdb.conf`], { stdio: 'ignore' });
  const ready = () => until(async () => (await fetch(`${url}/ping`)).ok, 'influxd');
  let influxd = run();
  await ready();
  await fetch(`${url}/query?q=${encodeURIComponent(`CREATE DATABASE ${DATABASE}`)}`, {
    method: 'POST',
  });
  return {
    url,
    database: DATABASE,
    query: (text) => query(url, text),
    async write(rows) {
      const parameters = new URLSearchParams({ db: DATABASE, precision: 's' });
      const answer = await fetch(`${url}/write?${parameters}`, {
        method: 'POST',
        body: rows.join('\n'),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async clear() {
      for (const name of ['nstat', 'nstat_pod', 'nstat_agent'])
        await query(url, `DROP MEASUREMENT ${name}`);
    },
    stop: async () => void (await kill(influxd, 'SIGTERM')),
    async start() {
      influxd = run();
      await ready();
    },
  };
}

async function query(url: string, text: string): Promise<Row[]> {
  const parameters = new URLSearchParams({ db: DATABASE, epoch: 's', q: text });
  const answer = (await (await fetch(`${url}/query?${parameters}`)).json()) as {
    error?: string;
    results?: {
      error?: string;
      series?: {
        columns: string[];
        tags?: { [tag: string]: string };
        values: (string | number | null)[][];
      }[];
    }[];
  };
  const error = answer.error ?? answer.results?.find((result) => result.error)?.error;
  if (error) throw new Error(`${error}: ${text}`);
  return (answer.results ?? []).flatMap(({ series = [] }) =>
    series.flatMap(
      ({ columns, tags, values }) =>
        values.map((row) => ({
          ...tags,
          ...Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])),
        })) as Row[],
    ),
  );
}

/** Waits until something is so; an error counts as not yet. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 30,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (
    !(await Promise.resolve()
      .then(condition)
      .catch(() => false))
  ) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${seconds} s`);
    await sleep(50);
  }
}

/** A VictoriaMetrics, as far as the tests look into it. */
export interface Victoria {
  readonly url: string;
  /** The series that a selector matches; a metric is `<measurement>_<field>`. */
  export(
    selector: string,
  ): Promise<{ metric: { [tag: string]: string }; values: number[]; timestamps: number[] }[]>;
}

/** Starts a real single-node VictoriaMetrics. */
export async function startVictoria(
  directory: string,
  processes: Processes,
  port = 8428,
): Promise<Victoria> {
  const options = [`-storageDataPath=${directory}/victoria`, `-httpListenAddr=127.0.0.1:${port}`];
  processes.start('victoria-metrics', [...options, '-search.latencyOffset=0'], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/health`)).ok, 'victoria-metrics');
  return {
    url,
    async export(selector) {
      await fetch(`${url}/internal/force_flush`);
      const answer = await fetch(`${url}/api/v1/export?match[]=${encodeURIComponent(selector)}`);
      const lines = (await answer.text()).trim().split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
    },
  };
}
