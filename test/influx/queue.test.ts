import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backlog } from '../../lib/influx/backlog.ts';
import { Queue } from '../../lib/influx/queue.ts';
import { writer } from '../../lib/influx/write.ts';
import type { Log } from '../../lib/model.ts';
import { StandIn } from './stand-in.ts';

const MIB = 1024 * 1024;

let influx: StandIn;
let directory: string;
let backlog: Backlog;
let said: { fields: object; message: string }[];

const say = (fields: object, message: string) => said.push({ fields, message });
const log: Log = { debug() {}, info: say, warn: say, error: say };
const messages = () => said.map(({ message }) => message);

beforeEach(async () => {
  said = [];
  influx = await StandIn.start();
  directory = join(mkdtempSync(join(tmpdir(), 'nstats-queue-')), 'spool');
});

afterEach(async () => {
  await backlog.close();
  await influx[Symbol.asyncDispose]();
  rmSync(join(directory, '..'), { recursive: true });
});

function queue({ token = influx.token, max = 16 * MIB, memory = MIB, at = directory } = {}): Queue {
  const write = writer({ url: influx.url, api: 2, org: '', bucket: 'b', token });
  backlog = new Backlog({ directory: at, max, memory, log });
  return new Queue({ write, backlog, offset: 0, log });
}

async function drain(full: Queue): Promise<void> {
  full.close();
  await full.run(AbortSignal.timeout(30_000));
}

/** As a process that is killed: nothing more is written, and the lock is free. */
async function die(): Promise<void> {
  await backlog.close();
}

const rows = (count: number, name = 'm') =>
  Array.from({ length: count }, (_, at) => `${name} v=${at}i 1`);
const fiveOfTen = (row: string) => !/v=[0-4]i/.test(row);
const nowhere = () => join(directory, '..', 'file', 'spool');
const files = () => readdirSync(directory).filter((name) => name.endsWith('.rows'));

describe('what InfluxDB may answer', () => {
  for (const status of [0, 401, 403, 404, 408, 429, 500, 503]) {
    test(`a ${status || 'broken connection'} loses nothing: it is kept and sent again`, async () => {
      influx.answer = (_, index) => (index === 0 ? { status, body: '{"message":"no"}' } : 204);
      const waiting = queue();
      waiting.push(rows(10), 1);
      await drain(waiting);
      assert.deepEqual([...influx.stored], rows(10));
      const { written, refused, dropped, damaged, bytes, retries } = waiting.figures;
      assert.deepEqual([written, refused, dropped, damaged, bytes, retries], [10, 0, 0, 0, 0, 1]);
      assert.deepEqual(files(), []);
    });
  }

  test('a token that is wrong for a while costs no row', async () => {
    const waiting = queue({ token: 'old' });
    waiting.push(rows(3), 1);
    await waiting.run(AbortSignal.timeout(300));
    assert.deepEqual(messages(), ['InfluxDB does not take rows; they are kept']);
    assert.match(JSON.stringify(said[0]?.fields), /401 unauthorized access/);
    await die();
    await drain(queue());
    assert.deepEqual([...influx.stored], rows(3));
  });

  for (const status of [400, 422]) {
    test(`of a batch refused as a whole with ${status}, only the row to blame is lost`, async () => {
      const body = '{"code":"invalid","message":"unable to parse it"}';
      influx.answer = (request) => (request.rows.includes('m v=33i 1') ? { status, body } : 204);
      const waiting = queue();
      waiting.push(rows(100), 1);
      await drain(waiting);
      assert.deepEqual(
        rows(100).filter((row) => !influx.stored.has(row)),
        ['m v=33i 1'],
      );
      const { written, refused, bytes } = waiting.figures;
      assert.deepEqual([written, refused, bytes], [99, 1, 0]);
      assert.deepEqual(said, [
        {
          message: 'InfluxDB refuses a row; it is lost',
          fields: { rows: 1, row: 'm v=33i 1', error: `${status} unable to parse it` },
        },
      ]);
    });
  }

  test('of a partial write, what was taken is not sent again, and the rest is counted', async () => {
    const message = 'partial write: max-series-per-database limit exceeded: (9/9) dropped=5';
    influx.answer = () => ({ status: 422, body: JSON.stringify({ message }), takes: fiveOfTen });
    const waiting = queue();
    waiting.push(rows(10), 1);
    await drain(waiting);
    const { written, refused } = waiting.figures;
    assert.deepEqual([written, refused, influx.requests.length], [5, 5, 1]);
    assert.match(JSON.stringify(said), /limit exceeded/);
  });

  test('a batch that is too large is sent in parts', async () => {
    influx.answer = (request) => (request.rows.length > 10 ? 413 : 204);
    const waiting = queue();
    waiting.push(rows(64), 1);
    await drain(waiting);
    assert.equal(influx.stored.size, 64);
  });

  test('Retry-After is in seconds, and not even a fresh window goes before it is over', async () => {
    influx.answer = (_, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '2' } } : 204;
    const waiting = queue();
    waiting.push(rows(1, 'a'), 1);
    const running = waiting.run(AbortSignal.timeout(30_000));
    await sleep(500);
    waiting.push(rows(1, 'b'), 2);
    waiting.close();
    await sleep(500);
    assert.equal(influx.requests.length, 1);
    await running;
    assert.equal(influx.stored.size, 2);
  });
});

describe('a request', () => {
  test('is gzipped when it is worth it, and says who we are', async () => {
    const waiting = queue();
    waiting.push(rows(1000), 1);
    await drain(waiting);
    const [request] = influx.requests;
    assert.equal(request?.headers['content-encoding'], 'gzip');
    assert.equal(request?.headers.authorization, 'Token secret');
    assert.equal(request?.path, '/api/v2/write?org=&bucket=b&precision=s');
  });

  test('has 5000 rows and 1 MiB at most, also of the backlog, where small windows share one', async () => {
    influx.answer = (_, index) => (index === 0 ? 503 : 204);
    const waiting = queue({ memory: 64 * MIB, max: 64 * MIB });
    for (let end = 1; end <= 30; end += 1) waiting.push(rows(10, `w${end}`), end);
    waiting.push(rows(12_000), 31);
    waiting.push(rows(100, 'x'.repeat(30_000)), 32);
    await drain(waiting);
    assert.equal(influx.stored.size, 300 + 12_000 + 100);
    for (const request of influx.requests) {
      assert.ok(request.rows.length <= 5000);
      assert.ok(request.rows.join('\n').length < MIB);
    }
    assert.ok(influx.requests.some((request) => request.rows.length === 300));
  });
});

describe('after an outage', () => {
  test('a fresh window overtakes the backlog, which keeps its order', async () => {
    influx.answer = () => 503;
    const waiting = queue();
    const stop = new AbortController();
    const running = waiting.run(stop.signal);
    for (const name of ['a', 'b', 'c']) {
      waiting.push(rows(3000, name), name.charCodeAt(0));
      await sleep(50);
    }
    influx.requests.length = 0;
    influx.answer = () => 204;
    waiting.push(rows(1, 'fresh'), 200);
    waiting.close();
    await running;
    const order = influx.requests.map((request) => request.rows[0]?.split(' ')[0]);
    assert.deepEqual(order, ['fresh', 'a', 'b', 'c']);
    assert.equal(influx.stored.size, 9001);
  });

  test('it is said once, and its end', async () => {
    influx.answer = (_, index) => (index < 3 ? 503 : 204);
    const waiting = queue();
    waiting.push(rows(1), 1);
    await drain(waiting);
    assert.deepEqual(messages(), [
      'InfluxDB does not take rows; they are kept',
      'InfluxDB takes rows again',
    ]);
    assert.equal(waiting.figures.retries, 3);
  });
});

describe('what waits', () => {
  test('is there for the next process, with its age', async () => {
    const first = queue();
    first.push(rows(3, 'a'), 1000);
    first.push(rows(3, 'b'), 2000);
    await backlog.stored();
    await die();
    const second = queue();
    backlog.open(() => {});
    await backlog.stored();
    assert.equal(second.figures.oldest, 1000);
    assert.equal(second.figures.kept, 6);
    await drain(second);
    assert.deepEqual([...influx.stored], [...rows(3, 'a'), ...rows(3, 'b')]);
    assert.deepEqual(files(), []);
  });

  test('and is damaged on disk is counted and not sent, and the rest is', async () => {
    const first = queue();
    first.push(rows(3, 'a'), 1000);
    first.push(rows(4, 'b'), 2000);
    await backlog.stored();
    const file = join(directory, files()[0] ?? '');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.with(bytes.indexOf('a v=1i'), 0x7a));
    await drain(first);
    assert.deepEqual([...influx.stored], rows(4, 'b'));
    assert.equal(first.figures.damaged, 3);
    assert.equal(first.figures.written, 4);
  });

  test('is dropped from the oldest when there is no more room on disk, and counted', async () => {
    const waiting = queue({ max: MIB });
    for (let end = 1; end <= 40; end += 1) {
      waiting.push(rows(1, `${end}${'x'.repeat(50_000)}`), end);
      await backlog.stored();
    }
    const { dropped, windowsDropped, kept } = waiting.figures;
    assert.equal(dropped + kept, 40);
    assert.equal(windowsDropped, dropped);
    assert.ok(dropped >= 20 && dropped <= 25, `${dropped}`);
    await drain(waiting);
    const ends = [...influx.stored].map((row) => Number.parseInt(row, 10));
    assert.deepEqual(
      ends,
      Array.from({ length: 40 - dropped }, (_, at) => at + dropped + 1),
    );
  });
});

describe('without a disk', () => {
  beforeEach(() => writeFileSync(join(directory, '..', 'file'), ''));

  test('rows are delivered from memory, and it is said once', async () => {
    const waiting = queue({ at: nowhere() });
    waiting.push(rows(3, 'a'), 1);
    await backlog.stored();
    waiting.push(rows(3, 'b'), 2);
    await drain(waiting);
    assert.equal(influx.stored.size, 6);
    assert.equal(waiting.figures.degraded, true);
    assert.deepEqual(messages(), ['rows that wait are in memory, for want of the disk']);
  });

  test('the oldest rows in memory are dropped when there are too many', async () => {
    const waiting = queue({ at: nowhere(), memory: 100 });
    for (const [end, name] of ['a', 'b', 'c', 'd'].entries()) waiting.push(rows(4, name), end);
    await backlog.stored();
    // Of 36 bytes each.
    const { dropped, windowsDropped, bytes, inMemory } = waiting.figures;
    assert.deepEqual([dropped, windowsDropped, bytes, inMemory], [8, 2, 72, 8]);
  });

  test('they go to the disk when it is there', async () => {
    const waiting = queue({ at: nowhere() });
    waiting.push(rows(3, 'a'), 1);
    await backlog.stored();
    assert.equal(waiting.figures.inMemory, 3);
    rmSync(join(directory, '..', 'file'));
    waiting.push(rows(3, 'b'), 2);
    await backlog.stored();
    const { inMemory, kept, degraded } = waiting.figures;
    assert.deepEqual([inMemory, kept, degraded], [0, 6, false]);
    assert.equal(messages().at(-1), 'rows that wait are on disk again');
  });

  test('so it is for a process whose directory another one has, until that one has gone', async () => {
    const other = queue();
    other.push(rows(1, 'a'), 1);
    await backlog.stored();
    const first = backlog;
    const waiting = queue();
    waiting.push(rows(1, 'b'), 2);
    await backlog.stored();
    assert.equal(waiting.figures.degraded, true);
    await first.close();
    waiting.push(rows(1, 'c'), 3);
    await drain(waiting);
    assert.equal(waiting.figures.degraded, false);
    assert.deepEqual(
      [...influx.stored].toSorted(),
      ['a', 'b', 'c'].flatMap((name) => rows(1, name)),
    );
  });
});
