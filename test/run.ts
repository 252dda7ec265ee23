/**
 * Runs everything, prints as it goes, and ends with one line: N passed, N failed.
 *
 *   node test/run.ts         everything; as root, for the end-to-end tests
 *   node test/run.ts unit    only the unit tests, as any user
 */
import { spawn } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import PQueue from 'p-queue';
import { makeBundle } from './image/bundle.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const bin = (name: string) => `node_modules/.bin/${name}`;
const testFiles = globSync('test/**/*.test.ts').toSorted();
/** These run in the lab. */
const IN_LAB = /^test\/(?:e2e|bpf\/kernel)\//;
/** These need chromium. */
const IN_BROWSER = /^test\/web\/page\//;
const unit = testFiles.filter((file) => !IN_LAB.test(file) && !IN_BROWSER.test(file));
const inBrowser = testFiles.filter((file) => IN_BROWSER.test(file));
const endToEnd = testFiles.filter((file) => IN_LAB.test(file));
const runner = ['--test', '--test-reporter=spec', '--test-timeout=300000'];
/** Each end-to-end test has a lab of its own, and most of its time it waits. */
const AT_ONCE = 6;
/** Unit tests wait for nothing: more of them would take the CPU time that captures need. */
const UNIT_AT_ONCE = { alone: 4, besideLabs: 2 };
/** Milliseconds. What hangs is ended, so that the rest is still reported. */
const PATIENCE = 600_000;
/** Characters of what is said of a file whose tests failed. */
const FAILURE_KEPT = 20_000;
/** These take a minute and a half or more: begun last, they would be alone at the end. */
const LONGEST = [
  'budget',
  'bpf',
  'overload',
  'interfaces',
  'api-server',
  'disk',
  'delivery',
  'shutdown',
  'outage',
].map((name) => `test/e2e/${name}.test.ts`);
/** What these test depends on what captures: they run with either. Others start both, or are about iftop alone. */
const WITH_BPF_TOO = new Set(
  [
    'accuracy',
    'bare',
    'bundle',
    'delivery',
    'interfaces',
    'lifecycle',
    'metrics',
    'names',
    'own-pod',
    'secrets',
    'selection',
    'short-lived',
    'shutdown',
    'soak',
    'top-agent',
    'uncounted',
  ].map((name) => `test/e2e/${name}.test.ts`),
);
/** Among the unit tests these take longest when nothing else is run: they wait for most of a minute. */
const WAITING = [
  'kubernetes/outage',
  'influx/nothing-taken',
  'influx/blame',
  'top/terminal',
  'top/script/once',
].map((name) => `test/${name}.test.ts`);
/** Unit tests that wait for terminals and agents most of the time: beside the others, these are done sooner. */
const OF_LIVE_VIEW = /^test\/(?:kubectl|top)\//;
const isRoot = process.getuid?.() === 0;
const [part = 'all'] = process.argv.slice(2);
if (part !== 'all' && part !== 'unit')
  throw new Error(`there is no part ${part}: say unit, or nothing`);

const CACHE = resolve('node_modules/.cache');
/** Hundreds of processes run the same code: each would take the time to compile it. */
const COMPILED = join(CACHE, 'compiled');
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
/** What failed, in full: it is said again at the end, where a log that is cut short still has it. */
const failures: string[] = [];
if (part === 'all') {
  await check('format', bin('biome'), ['format']);
  await check('lint', bin('oxlint'), ['--type-aware', '--deny-warnings']);
  await check('types', bin('tsc'), ['-p', '.']);
  await check('types of the page', bin('tsc'), ['-p', 'daemon/web/page']);
  await check('dead code', bin('knip'), []);
}
/** What the image has, for the labs. */
mkdirSync(CACHE, { recursive: true });
using bundle = part === 'all' && isRoot ? makeBundle(CACHE) : undefined;
const queue = new PQueue({ concurrency: AT_ONCE });
const waiting: Promise<void>[] = [];
const inLine = (name: string, args: readonly string[], environment = {}) =>
  waiting.push(queue.add(() => tests(name, process.execPath, args, environment)));
if (part === 'unit') {
  for (const file of WAITING) inLine(file, [...runner, file]);
  const others = unit.filter((file) => !WAITING.includes(file));
  inLine('other unit tests', [...runner, `--test-concurrency=${UNIT_AT_ONCE.alone}`, ...others]);
} else {
  const { live = [], others = [] } = Object.groupBy(unit, (file) =>
    OF_LIVE_VIEW.test(file) ? 'live' : 'others',
  );
  const concurrency = `--test-concurrency=${UNIT_AT_ONCE.besideLabs}`;
  inLine('unit tests', [...runner, concurrency, ...others]);
  inLine('unit tests of the live view', [...runner, concurrency, ...live]);
  for (const file of inBrowser) inLine(file, [...runner, file]);
}
if (part === 'all' && isRoot) {
  for (const file of new Set([...LONGEST, ...endToEnd])) {
    const args = ['test/lab/enter.ts', '--', ...runner, file];
    const own = { LAB_MAIN: bundle?.main };
    inLine(file, args, own);
    if (WITH_BPF_TOO.has(file)) inLine(`${file} (bpf)`, args, { ...own, LAB_CAPTURE: 'bpf' });
  }
} else if (part === 'all') {
  console.log('\n!! SKIPPED: the end-to-end tests need root (namespaces, cgroups, iftop)\n');
  total.skipped += endToEnd.length;
}
await Promise.all(waiting);
for (const failure of failures) process.stdout.write(`\n!! FAILED: ${failure}`);

// Where everything must be there, nothing may be left out.
if (process.env['CI'] && part === 'all' && total.skipped > 0) {
  console.log(`${total.skipped} skipped, which in CI is a failure`);
  total.failed += total.skipped;
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** A program that is content when it ends with 0 counts as one test. */
async function check(name: string, file: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(name, file, args);
  if (code !== 0) {
    process.stdout.write(output);
    failures.push(`${name}\n${output}`);
  }
  total[code === 0 ? 'passed' : 'failed'] += 1;
}

async function tests(
  name: string,
  file: string,
  args: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): Promise<void> {
  const from = performance.now();
  const { code, output } = await run(name, file, args, environment);
  process.stdout.write(`-- ${name}, ${Math.round((performance.now() - from) / 1000)} s\n${output}`);
  const count = (what: string) =>
    Number(new RegExp(`^. ${what} (\\d+)`, 'm').exec(output)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  total.passed += count('pass');
  total.skipped += count('skipped') + count('todo');
  total.failed += failed;
  // The runner itself may have failed, or have found nothing to run.
  const isRunnerAtFault = failed === 0 && (code !== 0 || count('tests') === 0);
  if (isRunnerAtFault) total.failed += 1;
  if (failed > 0 || isRunnerAtFault) failures.push(`${name}\n${failuresIn(output)}`);
}

/** What the runner says of the tests that failed, after all of them; if it does not, the end of the output. */
function failuresIn(output: string): string {
  const at = output.lastIndexOf('\n✖ failing tests:');
  return output.slice(at < 0 ? -FAILURE_KEPT : at).slice(0, FAILURE_KEPT);
}

async function run(name: string, file: string, args: readonly string[], environment = {}) {
  console.log(`== ${name}`);
  const child = spawn(file, args, {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('close', (code) => resolve(code ?? 1));
  child.once('error', (error) => {
    output += `${error.message}\n`;
    resolve(1);
  });
  return { code: await promise, output };
}
