/**
 * What the daemon costs from its sources and as the bundle of the image, with two idle pods: the time
 * until it says that it has started, and its memory (without iftop's) when it has been at rest for 20 s.
 * The median of so many runs, taken in turns, as a Markdown table:
 *
 *   npm run bench:memory [-- <runs>]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBundle } from '../image/bundle.ts';
import { createLab } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const runs = Number(process.argv[2] ?? 5);
const REST = 20_000;
const COLUMNS = ['start, ms', 'RSS, MB', 'PSS, MB', 'of its own, MB'];

using bundle = makeBundle();
const programs = {
  'node daemon/main.ts': join(import.meta.dirname, '../../daemon/main.ts'),
  'node dist/nstats.js': bundle.main,
};
const lab = await createLab();
try {
  for (const index of [0, 1])
    await lab.pod({ name: `pod-${index}`, namespace: 'lab', ips: [`10.244.0.1${index}`] });
  const costs = Object.entries(programs).map(([name, main]) => ({ name, main, rows: [] as Row[] }));
  for (let run = 0; run < runs; run += 1)
    for (const { main, rows } of costs) rows.push(await cost(main));
  console.log(`| | ${COLUMNS.join(' | ')} |\n|${'---|'.repeat(1 + COLUMNS.length)}`);
  for (const { name, rows } of costs) {
    const cells = COLUMNS.map((_, column) => median(rows.map((row) => row[column] ?? NaN)));
    console.log(`| \`${name}\` | ${cells.map((cell) => cell.toFixed(0)).join(' | ')} |`);
  }
} finally {
  await lab.end();
}

type Row = readonly number[];

/** A run, in the order of the columns. */
async function cost(main: string): Promise<Row> {
  const before = performance.now();
  const child = lab.processes.start(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...lab.environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (!child.stdout) throw new Error('it has no stdout');
  const { promise: started, resolve } = Promise.withResolvers<number>();
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('"msg":"started"')) resolve(performance.now() - before);
  });
  const start = await started;
  await sleep(REST);
  const memory = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'utf8');
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(memory)?.[1]) * 1024) / 1e6;
  await kill(child, 'SIGTERM');
  return [start, megabytes('Rss'), megabytes('Pss'), megabytes('Anonymous')];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
