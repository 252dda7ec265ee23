/** What nstats is worth and what it costs, section by section, as tables and as figures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { describeMachine } from './machine.ts';
import { PAGES, type Results, tablesOf, withTables } from './pages.ts';
import { markdown } from './result.ts';
import { runSection } from './section.ts';

const SECTIONS = ['accuracy', 'cost', 'top', 'crowd', 'size', 'daemon', 'api', 'relay', 'influxdb'];
const RESULTS = join(import.meta.dirname, 'results.json');
const USAGE = `npm run bench [-- [--quick] [--write] [section...]]

Sections: ${SECTIONS.join(', ')}; all of them if none is named. All but api, crowd and relay need root on Debian.
--quick   less of everything, in some two minutes instead of fifteen
--write   keep the results of these sections in test/bench/results.json and in the documentation
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const { quick, write, help } = values;
if (help || positionals.some((name) => !SECTIONS.includes(name)) || (write && quick)) {
  (help ? process.stdout : process.stderr).write(USAGE);
  process.exit(help ? 0 : 2);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interrupted.abort(new Error('interrupted')));

const machine = describeMachine();
const measured = new Map<string, Results[string]>();
const failed: string[] = [];
/** Figures of a quick run are rough: what two sections at a time take from each other matters less. */
const queue = new PQueue({ concurrency: quick ? 2 : 1 });
const wanted = SECTIONS.filter((name) => positionals.length === 0 || positionals.includes(name));
await Promise.all(wanted.map((name) => queue.add(() => run(name))));

async function run(name: string): Promise<void> {
  if (interrupted.signal.aborted) return;
  const start = performance.now();
  console.error(`${name}: begins`);
  try {
    const result = await runSection(name, { quick, signal: interrupted.signal });
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`\n## ${name} (${seconds} s)\n`);
    for (const table of result.tables) console.log(`${markdown(table)}\n`);
    measured.set(name, { seconds, machine, ...result });
  } catch (error) {
    console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    failed.push(name);
  }
}
const [described] = tablesOf(Object.fromEntries(measured));
if (described) console.log(`\n## machine\n\n${markdown(described)}`);

const complete = failed.length === 0 && !interrupted.signal.aborted;
if (write && complete) {
  const kept = JSON.parse(readFileSync(RESULTS, 'utf8')) as Results;
  const results: Results = Object.fromEntries(
    SECTIONS.flatMap((name) => {
      const section = measured.get(name) ?? kept[name];
      return section ? [[name, section]] : [];
    }),
  );
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  const tables = tablesOf(results);
  const pages = PAGES.map(
    (path) => [path, withTables(readFileSync(path, 'utf8'), tables)] as const,
  );
  for (const [path, text] of pages) writeFileSync(path, text);
}
if (failed.length > 0)
  console.log(`\nFAIL  ${failed.join(', ')}${write ? '; nothing is kept' : ''}`);
process.exitCode = complete ? 0 : 1;
