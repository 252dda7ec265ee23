import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { encodeRecord } from '../../lib/influx/spool/record.ts';
import { Spool } from '../../lib/influx/spool/spool.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { kill, sh } from '../lab/shell.ts';

const MIB = 1024 * 1024;
let lab: Lab;
let disk: string;
let count = 0;

before(async () => {
  lab = await createLab();
  const web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  await web.serve(80);
});
after(() => lab.end());

/** A disk of 128 KiB, in the lab's own mount namespace. */
beforeEach(() => {
  disk = join(lab.directory, `disk-${++count}`);
  mkdirSync(disk);
  sh('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]);
});

const remount = (how: 'ro' | 'rw') => sh('mount', ['-o', `remount,${how}`, disk]);

/** Takes all the room there is. */
function fill(): void {
  try {
    writeFileSync(join(disk, 'others'), Buffer.alloc(MIB));
  } catch {}
}

const record = (text: string) =>
  encodeRecord({ end: 1000, rows: 1, payload: Buffer.from(`${text}\n`) });

async function found(): Promise<string[]> {
  const { spool, records, damaged } = await Spool.open(disk, MIB);
  assert.equal(damaged, 0);
  const payloads = await Promise.all(records.map(({ place }) => spool.read(place)));
  spool[Symbol.dispose]();
  return payloads.map((payload) => String(payload).slice(0, 1));
}

describe('a spool', () => {
  test('on a disk that fills up refuses what it cannot hold, and has all that it took', async () => {
    const { spool } = await Spool.open(disk, MIB);
    const large = 'x'.repeat(30_000);
    const taken: string[] = [];
    for (const letter of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await spool.append(record(letter + large)).then(
        () => taken.push(letter),
        (error: NodeJS.ErrnoException) => assert.equal(error.code, 'ENOSPC'),
      );
    }
    assert.ok(taken.length >= 3 && taken.length < 6, taken.join());
    spool[Symbol.dispose]();
    assert.deepEqual(await found(), taken);
  });

  test('writes again when there is room again', async () => {
    const { spool } = await Spool.open(disk, MIB);
    await spool.append(record('a'));
    fill();
    await assert.rejects(spool.append(record('b'.repeat(8000))), { code: 'ENOSPC' });
    rmSync(join(disk, 'others'));
    await spool.append(record('c'));
    spool[Symbol.dispose]();
    assert.deepEqual(await found(), ['a', 'c']);
  });

  test('on a disk that is read-only writes nothing, and reads what is there', async () => {
    const { spool } = await Spool.open(disk, MIB);
    const place = await spool.append(record('a'));
    await spool.append(record('x'));
    spool[Symbol.dispose]();
    remount('ro');
    assert.equal(String(await spool.read(place)), 'a\n');
    const next = await Spool.open(disk, MIB);
    assert.equal(next.records.length, 2);
    await assert.rejects(next.spool.append(record('b')), { code: 'EROFS' });
    next.spool[Symbol.dispose]();
    remount('rw');
    assert.deepEqual(await found(), ['a', 'x']);
  });
});

describe('the daemon', () => {
  for (const [what, begin, end] of [
    ['is full', fill, () => rmSync(join(disk, 'others'))],
    ['is read-only', () => remount('ro'), () => remount('rw')],
  ] as const) {
    test(`delivers when its disk ${what}, logs that, and comes back to it`, async () => {
      begin();
      await lab.influx.clear();
      const daemon = lab.daemon({ INTERVAL: '5s', SPOOL_DIR: disk });
      const degraded = async () =>
        (await lab.influx.query('SELECT spoolDegraded FROM nstat_agent')).map((row) =>
          Number(row['spoolDegraded']),
        );
      await until(async () => (await degraded()).includes(1), 'rows, from memory');
      end();
      await until(async () => (await degraded()).at(-1) === 0, 'the disk in use');
      assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
      const said = daemon.said('for want of the disk');
      assert.equal(said.length, 1);
    });
  }

  test('runs where its directory cannot even be made, and --check says so', async () => {
    remount('ro');
    const nowhere = { SPOOL_DIR: join(disk, 'spool') };
    const { code, text } = await lab.check(nowhere);
    assert.equal(code, 1);
    assert.match(text, /FAIL {2}SPOOL_DIR .*mkdir[\s\S]*fix: mount a volume/);
    await lab.influx.clear();
    const daemon = lab.daemon({ INTERVAL: '5s', ...nowhere });
    const rows = () => lab.influx.query('SELECT * FROM nstat_agent');
    await until(async () => (await rows()).length > 0, 'rows');
    assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  });

  test('logs that another agent has its directory, and takes it when that one has gone', async () => {
    const shared = { INTERVAL: '5s', SPOOL_DIR: disk };
    const first = lab.daemon({ ...shared, LISTEN: ':9791' });
    await until(() => readdirSync(disk).length > 0, 'its directory');
    await lab.influx.clear();
    const second = lab.daemon(shared);
    const { said } = second;
    await until(() => said('another agent has the directory').length > 0, 'the warning');
    assert.match(
      said('another agent').join(),
      /"directory":"[^"]*disk-\d+\/.*"fix":"another nstats/,
    );
    assert.equal(said('for want of the disk').length, 0);
    await kill(first.process, 'SIGKILL');
    const rows = () => lab.influx.query('SELECT spoolDegraded FROM nstat_agent');
    await until(async () => Number((await rows()).at(-1)?.['spoolDegraded']) === 0, 'the disk');
    assert.equal(await kill(second.process, 'SIGTERM'), 0);
  });

  test('never sends to one InfluxDB what waits for another, and logs where that is', async () => {
    const elsewhere = { INTERVAL: '5s', SPOOL_DIR: disk, INFLUX_DATABASE: 'gone' };
    const old = lab.daemon(elsewhere);
    const files = () => readdirSync(disk, { recursive: true, encoding: 'utf8' });
    const waits = () => files().filter((name) => name.endsWith('.rows'));
    await until(() => waits().length > 0, 'rows that wait');
    assert.equal(await kill(old.process, 'SIGTERM'), 0);
    const [left] = waits();
    await lab.influx.clear();
    const from = Date.now() / 1000;
    const daemon = lab.daemon({ INTERVAL: '5s', SPOOL_DIR: disk });
    const rows = () => lab.influx.query('SELECT * FROM nstat_agent');
    await until(async () => (await rows()).length > 1, 'its rows');
    assert.ok((await rows()).every(({ time }) => time > from));
    const said = daemon.said('wait for another InfluxDB');
    assert.equal(said.length, 1);
    const { foreign, fix } = JSON.parse(said[0] ?? '') as { foreign: string[]; fix: string };
    assert.deepEqual(foreign, [dirname(join(disk, left ?? ''))]);
    assert.match(fix, /move the files .*remove them/);
    assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
    assert.ok(waits().includes(left ?? ''));
  });
});
