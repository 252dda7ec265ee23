#!/usr/bin/env node
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { errorOf } from '../lib/error-of.ts';
import { UnsentRows } from '../lib/influx/spool/unsent-rows.ts';
import { Queue } from '../lib/influx/queue.ts';
import { directoryName, foreignIn } from '../lib/influx/spool/target-directory.ts';
import { writer } from '../lib/influx/writer.ts';
import { type ApiClient, connect } from '../lib/kubernetes/client/client.ts';
import { check } from './check/check.ts';
import { type Config, readConfig, VARIABLES } from './config.ts';
import { CONDITIONS } from '../lib/conditions.ts';
import { ConfigError } from '../lib/config-error.ts';
import { faultOfInflux, spoolRemedy } from './check/remedies.ts';
import { createLog, Problems } from './log.ts';
import { runPipeline } from './pipeline.ts';
import { printer } from './printer.ts';
import { readRelayConfig, RELAY_VARIABLES } from './relay/config.ts';
import { runRelay } from './relay/relay.ts';
import type { Log } from '../lib/model.ts';
import type { Sink } from '../lib/report/sink.ts';

const USAGE = `nstats: where is this pod's bandwidth going?

Usage: nstats [--dry-run | --check | --help]
       nstats relay [--help]

  (nothing)   observe the pods of this node and write to InfluxDB
  --dry-run   the same, but print line protocol on stdout and write nothing (log on stderr)
  --check     try everything that is needed once, say what is missing, and end (exit code 1)
  --help      this text

  relay       follow the API server for the agents of a large cluster; with --help its variables

Environment variables:
${variables(VARIABLES)}
`;

const RELAY_USAGE = `nstats relay: one watch at the API server for all agents

Environment variables:
${variables(RELAY_VARIABLES)}
`;

/** Bytes of memory for rows that wait while the disk does not take them. */
const MEMORY_BYTES = 32 * 1024 * 1024;
/** Milliseconds. Each agent waits for a fixed part of this after a window, so that not all write at once. */
const OFFSET_MOST = 1000;
/** Milliseconds from SIGTERM to the end: a kubelet in a hurry kills after two seconds. */
const END = 1300;
/** Milliseconds that the disk has after that for rows that InfluxDB has not taken. */
const DISK = 100;
/** Nothing is written with --dry-run, so InfluxDB need not be configured. */
const NOWHERE = {
  ...Object.fromEntries(
    VARIABLES.map(([name]) => [name, '']).filter(([name]) => name?.startsWith('INFLUX_')),
  ),
  INFLUX_URL: 'http://dry-run.invalid',
  INFLUX_DATABASE: 'none',
};
const PROC = '/proc';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [role, ...more] = positionals;
  if (more.length > 0 || (role !== undefined && role !== 'relay'))
    throw new ConfigError([`there is no ${positionals.join(' ')}; there is relay`]);
  if (values.help) {
    process.stdout.write(role === 'relay' ? RELAY_USAGE : USAGE);
    return 0;
  }
  if (role === 'relay') return relay();
  const config = readConfig(values['dry-run'] ? { ...process.env, ...NOWHERE } : process.env);
  const client = connectTo(config);
  if (values.check)
    return check({ config, client, proc: PROC, print: (text) => console.log(text) });

  const log = createLog(config.logLevel, values['dry-run'] ? 2 : 1);
  let asked = Infinity;
  const stop = untilAsked(() => (asked = Math.min(asked, performance.now())));
  const { node, interval, influx } = config;
  log.info({ node, interval, influx: influx.url, api: client.server, pid: process.pid }, 'started');

  const problems = new Problems(log);
  const pipeline = (sink: Sink) =>
    runPipeline({ config, client, sink, log, problems, proc: PROC, signal: stop });
  if (values['dry-run']) {
    await pipeline(printer((text) => process.stdout.write(text)));
    return 0;
  }
  const { directory: root, max } = config.spool;
  const directory = join(root, directoryName(influx));
  const disk = { directory, max, memory: MEMORY_BYTES, fix: spoolRemedy };
  const unsent = new UnsentRows({ ...disk, log, problems });
  const offset = Math.random() * OFFSET_MOST;
  const explain = (error: unknown) => faultOfInflux(error, influx);
  const queue = new Queue({ write: writer(influx), unsent, offset, problems, explain });
  const cut = new AbortController();
  const delivered = queue.run(cut.signal);
  await logForeign(root, directory, log);
  await pipeline(queue);
  queue.close();
  const late = sleep(asked + END - performance.now(), 'late' as const, { ref: false });
  const unanswered = (await Promise.race([delivered, late])) === 'late';
  cut.abort();
  await Promise.race([unsent.stored(), sleep(DISK, undefined, { ref: false })]);
  const { written, refused, dropped, damaged, kept, inMemory } = queue.figures;
  if (kept > 0)
    log.info({ rows: kept }, 'ended before InfluxDB had taken all rows; these are kept');
  if (inMemory > 0)
    log.error({ rows: inMemory }, 'ended before InfluxDB had taken all rows; these are lost');
  log.info({ written, refused, dropped, damaged, kept, lost: inMemory }, 'ended');
  // A request that InfluxDB does not answer would keep the process until its time-out.
  if (unanswered) process.exit(0);
  await unsent.close();
  return 0;
}

async function relay(): Promise<number> {
  const config = readRelayConfig(process.env);
  const client = connectTo(config);
  const log = createLog(config.logLevel, 1);
  const { audience, subjects, tls } = config;
  const fields = { audience, accounts: [...subjects], tls: tls !== undefined, api: client.server };
  log.info({ ...fields, pid: process.pid }, 'relay started');
  const signal = untilAsked(() => {});
  await runRelay({ config, client, log, problems: new Problems(log), signal });
  log.info({}, 'ended');
  return 0;
}

/** Is aborted when the process is asked to end. */
function untilAsked(asked: () => void): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      asked();
      stop.abort();
    });
  return stop.signal;
}

function variables(all: typeof VARIABLES): string {
  return all
    .map(([name, fallback, meaning]) => `  ${name.padEnd(24)} ${meaning} (${fallback})`)
    .join('\n');
}

/** Rows for another InfluxDB stay on disk until that one is configured again. */
async function logForeign(root: string, directory: string, log: Log): Promise<void> {
  const foreign = await foreignIn(root, directory);
  if (foreign.length === 0) return;
  const fix = `to have them delivered, move the files into ${directory}; else remove them`;
  log.warn({ foreign, fix }, CONDITIONS.rowsForeign.sentence);
}

function connectTo({ kubeconfig, proxies }: Pick<Config, 'kubeconfig' | 'proxies'>): ApiClient {
  if (!kubeconfig && !process.env['KUBERNETES_SERVICE_HOST']) {
    throw new ConfigError([
      'KUBECONFIG is not set and this is no pod; it must be the path of a kubeconfig',
    ]);
  }
  try {
    return connect(kubeconfig, { ...(proxies && { proxies }) });
  } catch (cause) {
    const why = errorOf(cause).message;
    throw new ConfigError([`KUBECONFIG is "${kubeconfig ?? ''}"; it cannot be used: ${why}`]);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const wrong =
    error instanceof ConfigError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!wrong) throw error;
  console.error(`nstats: ${(error as Error).message}\nSee --help.`);
  // Captures that have been started would keep the process.
  process.exit(2);
}
