import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ConfigError } from '../../lib/config-error.ts';
import { followNetworks } from '../../lib/naming/follow-networks.ts';

interface Said {
  readonly level: string;
  readonly message: string;
  readonly fields: { mistakes?: string[]; more?: number; networks?: number; error?: string };
}

const GOOD = 'office: 192.0.2.0/24\n';

let directory: string;
let file: string;
let said: Said[];
let stop: AbortController;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nstats-networks-'));
  file = join(directory, 'networks.yaml');
  said = [];
  stop = new AbortController();
});

afterEach(() => {
  stop.abort();
  rmSync(directory, { recursive: true });
});

function saying(level: string): (fields: object, message: string) => void {
  return (fields, message) => void said.push({ level, message, fields });
}

async function follow(): Promise<(address: string) => string | undefined> {
  const [info, warn, error] = [saying('info'), saying('warn'), saying('error')];
  const log = { debug() {}, info, warn, error };
  const networkOf = await followNetworks({ file, log, signal: stop.signal, period: 20 });
  return (address) => networkOf(address)?.name;
}

/** Puts a file into the folder as the kubelet does with that of a ConfigMap. */
function mount(version: string, text: string): void {
  mkdirSync(join(directory, version));
  writeFileSync(join(directory, version, 'networks.yaml'), text);
  symlinkSync(version, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

/** Waits until so many things have been said, and resolves to the last of them. */
async function nth(count: number): Promise<Said> {
  for (let tries = 0; said.length < count && tries < 1000; tries += 1) await sleep(20);
  assert.equal(said.length, count, JSON.stringify(said));
  return said[count - 1] as Said;
}

test('addresses are named by the file, and how many networks it has is said', async () => {
  writeFileSync(file, GOOD);
  const nameOf = await follow();
  assert.deepEqual([nameOf('192.0.2.1'), nameOf('198.51.100.1')], ['office', undefined]);
  const { level, fields } = await nth(1);
  assert.deepEqual([level, fields.networks], ['info', 1]);
});

test('at start-up the right part of a file counts, and each mistake is told with its line', async () => {
  writeFileSync(file, `${GOOD}partner:\n  - 198.51.100.1/24\n  - nowhere\n`);
  const nameOf = await follow();
  assert.equal(nameOf('192.0.2.1'), 'office');
  const { level, fields } = await nth(2);
  assert.equal(level, 'warn');
  assert.match(fields.mistakes?.[0] ?? '', /^line 3: .*is 198\.51\.100\.0\/24 meant/);
  assert.match(fields.mistakes?.[1] ?? '', /^line 4: "nowhere" is no CIDR/);
  assert.equal(fields.more, undefined);
});

test('of many mistakes the first are told, and the others counted', async () => {
  writeFileSync(file, `a:\n${'  - x\n'.repeat(1000)}`);
  await follow();
  const { fields } = await nth(2);
  assert.ok((fields.mistakes?.length ?? 0) < 100);
  assert.equal((fields.mistakes?.length ?? 0) + (fields.more ?? 0), 1000);
});

test('a file that cannot be read at start-up is a mistake in the configuration', async () => {
  const cases: readonly [make: () => void, why: RegExp][] = [
    [() => {}, /no such file/],
    [() => mkdirSync(file), /not a file/],
    [() => writeFileSync(file, '#'.repeat(5 * 1024 * 1024)), /larger than 4 MiB/],
  ];
  for (const [make, why] of cases) {
    rmSync(file, { recursive: true, force: true });
    make();
    await assert.rejects(follow(), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /NETWORKS_FILE is ".*"; it must be /);
      assert.match(error.message, why);
      return true;
    });
  }
  assert.deepEqual(said, []);
});

test('a file that needs more memory than there is for it is refused, and the agent lives on', async () => {
  writeFileSync(file, '- '.repeat(2_000_000));
  await assert.rejects(follow(), /NETWORKS_FILE[^]*memory/);
});

test('a file that has changed counts from then on', async () => {
  writeFileSync(file, GOOD);
  const nameOf = await follow();
  writeFileSync(file, 'home: [192.0.2.0/24, 198.51.100.0/24]\n');
  const { level, fields } = await nth(2);
  assert.deepEqual([level, fields.networks], ['info', 2]);
  assert.deepEqual([nameOf('192.0.2.1'), nameOf('198.51.100.1')], ['home', 'home']);
});

test('a ConfigMap, whose folder is exchanged by a link, is followed', async () => {
  mount('..1', GOOD);
  symlinkSync('..data/networks.yaml', file);
  const nameOf = await follow();
  assert.equal(nameOf('192.0.2.1'), 'office');
  mount('..2', GOOD.replace('office', 'agency'));
  await nth(2);
  assert.equal(nameOf('192.0.2.1'), 'agency');
});

test('the last good file stays, which is said once for each change', async () => {
  writeFileSync(file, GOOD);
  const nameOf = await follow();
  writeFileSync(file, 'other: 192.0.2.0/24\nhere: x\n');
  const broken = await nth(2);
  assert.deepEqual([broken.level, nameOf('192.0.2.1')], ['warn', 'office']);
  assert.match(broken.fields.mistakes?.join() ?? '', /^line 2: "x" is no CIDR/);

  rmSync(file);
  const gone = await nth(3);
  assert.deepEqual([gone.level, nameOf('192.0.2.1')], ['warn', 'office']);
  assert.match(gone.fields.error ?? '', /no such file/);

  writeFileSync(file, '');
  const empty = await nth(4);
  assert.deepEqual([empty.level, nameOf('192.0.2.1')], ['warn', 'office']);
  await sleep(200);
  await nth(4);

  writeFileSync(file, 'other: 192.0.2.0/24\n');
  const good = await nth(5);
  assert.deepEqual([good.level, nameOf('192.0.2.1')], ['info', 'other']);
});

test('a file that becomes another after the end is not read', async () => {
  writeFileSync(file, GOOD);
  const nameOf = await follow();
  stop.abort();
  writeFileSync(file, '{}');
  await sleep(200);
  assert.equal(nameOf('192.0.2.1'), 'office');
  await nth(1);
});

test('to follow a file keeps no process alive', async () => {
  writeFileSync(file, GOOD);
  const script = `import { followNetworks } from ${JSON.stringify(join(import.meta.dirname, '../../lib/naming/follow-networks.ts'))};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const signal = new AbortController().signal;
    const networkOf = await followNetworks({ file: ${JSON.stringify(file)}, log, signal, period: 3_600_000 });
    console.log(networkOf('192.0.2.1').name);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
  ]);
  assert.equal(stdout, 'office\n');
});
