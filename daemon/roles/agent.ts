import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnsentRows } from '../../lib/influx/spool/unsent-rows.ts';
import { Queue } from '../../lib/influx/queue.ts';
import { directoryName, foreignIn } from '../../lib/influx/spool/target-directory.ts';
import { writer } from '../../lib/influx/writer.ts';
import { check } from '../check/check.ts';
import { readConfig, VARIABLES } from '../config.ts';
import { CONDITIONS } from '../../lib/conditions.ts';
import { faultOfInflux, spoolRemedy } from '../check/remedies.ts';
import { createLog, Problems } from '../log.ts';
import { runPipeline } from '../pipeline.ts';
import { printer } from '../printer.ts';
import { connectTo } from './connect-to.ts';
import { untilAsked } from './until-asked.ts';
import type { Log } from '../../lib/model.ts';
import type { Sink } from '../../lib/report/sink.ts';

interface AgentRole {
  readonly dryRun: boolean;
  readonly checkOnly: boolean;
}

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

/** The process as an agent. Returns the exit code. */
export async function agent({ dryRun, checkOnly }: AgentRole): Promise<number> {
  const config = readConfig(dryRun ? { ...process.env, ...NOWHERE } : process.env);
  const client = connectTo(config);
  if (checkOnly) return check({ config, client, proc: PROC, print: (text) => console.log(text) });

  const log = createLog(config.logLevel, dryRun ? 2 : 1);
  let asked = Infinity;
  const stop = untilAsked(() => (asked = Math.min(asked, performance.now())));
  const { node, interval, influx } = config;
  log.info({ node, interval, influx: influx.url, api: client.server, pid: process.pid }, 'started');

  const problems = new Problems(log);
  const pipeline = (sink: Sink) =>
    runPipeline({ config, client, sink, log, problems, proc: PROC, signal: stop });
  if (dryRun) {
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

/** Rows for another InfluxDB stay on disk until that one is configured again. */
async function logForeign(root: string, directory: string, log: Log): Promise<void> {
  const foreign = await foreignIn(root, directory);
  if (foreign.length === 0) return;
  const fix = `to have them delivered, move the files into ${directory}; else remove them`;
  log.warn({ foreign, fix }, CONDITIONS.rowsForeign.sentence);
}
