import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { encodeRecord } from '../../lib/influx/spool/record.ts';
import { Spool } from '../../lib/influx/spool/spool.ts';

const MAX = 1024 * 1024;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nstats-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const record = (text: string) =>
  encodeRecord({ end: 1000, rows: 1, payload: Buffer.from(`${text}\n`) });
const ends = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + record(text).length, 0);
const segments = () => readdirSync(directory).filter((name) => name.endsWith('.rows'));

/** What a process that starts now finds. */
async function found(at = directory): Promise<{ texts: string[]; damaged: number }> {
  const { spool, records, damaged } = await Spool.open(at, MAX);
  const payloads = await Promise.all(records.map(({ place }) => spool.read(place)));
  spool[Symbol.dispose]();
  return { texts: payloads.map((payload) => String(payload).trim()), damaged };
}

async function write(...texts: readonly string[]): Promise<void> {
  const { spool } = await Spool.open(directory, MAX);
  for (const text of texts) await spool.append(record(text));
  spool[Symbol.dispose]();
}

test('what one process leaves the next one finds, in order, and keeps when it adds to it', async () => {
  await write('a', 'b');
  await write('c');
  assert.deepEqual(await found(), { texts: ['a', 'b', 'c'], damaged: 0 });
  assert.deepEqual(await found(), { texts: ['a', 'b', 'c'], damaged: 0 });
});

test('a file is gone as soon as nothing in it is needed', async () => {
  const { spool } = await Spool.open(directory, MAX);
  const a = await spool.append(record('a'));
  const b = await spool.append(record('b'));
  await spool.release(a);
  assert.equal(segments().length, 1);
  await spool.release(b);
  assert.deepEqual(segments(), []);
  await spool.append(record('c'));
  assert.equal(segments().length, 1);
  spool[Symbol.dispose]();
  assert.deepEqual((await found()).texts, ['c']);
});

test('a file whose last record is taken while another is written keeps that other', async () => {
  const { spool } = await Spool.open(directory, MAX);
  const a = await spool.append(record('a'));
  const [b] = await Promise.all([spool.append(record('b')), spool.release(a)]);
  assert.equal(String(await spool.read(b)), 'b\n');
  spool[Symbol.dispose]();
});

test('a last file that was cut off anywhere is taken up, and added to', async () => {
  const all = ['first', 'second', 'third'];
  await write(...all);
  const [name = ''] = segments();
  const { size } = statSync(join(directory, name));
  for (let cut = 0; cut < size; cut += 1) {
    const copy = join(directory, `cut-${cut}`);
    mkdirSync(copy);
    copyFileSync(join(directory, name), join(copy, name));
    truncateSync(join(copy, name), cut);
    const { spool } = await Spool.open(copy, MAX);
    await spool.append(record('fourth'));
    spool[Symbol.dispose]();
    const whole = all.filter((_, index) => cut >= ends(all.slice(0, index + 1))).length;
    const { texts, damaged } = await found(copy);
    assert.deepEqual(texts, [...all.slice(0, whole), 'fourth'], `cut at ${cut}`);
    assert.ok(damaged <= 1);
  }
});

test('a record that has changed or gone since it was written is not given back', async () => {
  const { spool } = await Spool.open(directory, MAX);
  const place = await spool.append(record('a'));
  const path = join(directory, segments()[0] ?? '');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.with(bytes.length - 2, 0x62));
  assert.equal(await spool.read(place), undefined);
  writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  assert.equal(await spool.read(place), undefined);
  rmSync(path);
  assert.equal(await spool.read(place), undefined);
  spool[Symbol.dispose]();
});

test('other files are left alone, and noise in one of ours hides nothing of the others', async () => {
  await write('a');
  writeFileSync(join(directory, 'README'), 'mine');
  writeFileSync(join(directory, '000000000000.rows'), 'noise\n');
  appendFileSync(join(directory, segments().at(-1) ?? ''), 'noise\n');
  assert.deepEqual(await found(), { texts: ['a'], damaged: 2 });
  assert.equal(readFileSync(join(directory, 'README'), 'utf8'), 'mine');
});

test('a directory that is called like one of ours keeps nothing from being written', async () => {
  await write('a');
  mkdirSync(join(directory, '000000000002.rows'));
  await write('b');
  assert.deepEqual(await found(), { texts: ['a', 'b'], damaged: 0 });
});

test('beyond the largest number of twelve digits rows are found again, in order', async () => {
  mkdirSync(join(directory, '999999999998.rows'));
  for (const text of ['a', 'b', 'c']) await write(text);
  assert.deepEqual(await found(), { texts: ['a', 'b', 'c'], damaged: 0 });
});

test('the oldest files make room, so that the directory never has more than its bound', async () => {
  const { spool } = await Spool.open(directory, MAX);
  const large = record('x'.repeat(50_000));
  for (let index = 0; index < 60; index += 1) {
    await spool.makeRoom(large.length);
    await spool.append(large);
    const bytes = segments().reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    assert.ok(bytes <= MAX, `${bytes}`);
    assert.ok(index < 30 || bytes > 0.7 * MAX, `${bytes}`);
  }
  spool[Symbol.dispose]();
});

test('nobody but the owner may read what is there', async () => {
  rmSync(directory, { recursive: true });
  await write('a');
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, segments()[0] ?? '')).mode & 0o777, 0o600);
});

test('two processes never have the directory at once; one that is killed leaves it', async () => {
  const script = `import { Spool } from '${join(import.meta.dirname, '../../lib/influx/spool/spool.ts')}';
    await Spool.open('${directory}', ${MAX});
    console.log('open');
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  await assert.rejects(Spool.open(directory, MAX), /another process has/);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await write('a');
  assert.deepEqual((await found()).texts, ['a']);
});
