import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONDITIONS } from '../../lib/conditions.ts';
import type { Queue } from '../../lib/influx/queue.ts';
import { drain, MIB, rows, Site } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

describe('what InfluxDB may answer', () => {
  for (const status of [0, 401, 403, 404, 408, 429, 500, 503]) {
    test(`a ${status || 'broken connection'} loses nothing: it is kept and sent again`, async () => {
      site.influx.answer = (_, index) => (index === 0 ? { status, body: '{"message":"no"}' } : 204);
      const { queue: waiting } = site.agent();
      waiting.push(rows(10), 1);
      await drain(waiting);
      assert.deepEqual([...site.influx.stored], rows(10));
      const { written, refused, dropped, damaged, bytes, retries } = waiting.figures;
      assert.deepEqual([written, refused, dropped, damaged, bytes, retries], [10, 0, 0, 0, 0, 1]);
      assert.deepEqual(site.files, []);
    });
  }

  test('a token that is wrong for a while costs no row', async () => {
    const { queue: waiting, unsent } = site.agent({ token: 'old' });
    waiting.push(rows(3), 1);
    await waiting.run(AbortSignal.timeout(300));
    assert.deepEqual(site.messages, ['InfluxDB does not take rows; they are kept']);
    assert.match(JSON.stringify(site.said[0]?.fields), /401 unauthorized access/);
    await unsent.close();
    await drain(site.agent().queue);
    assert.deepEqual([...site.influx.stored], rows(3));
  });

  for (const status of [400, 422]) {
    test(`of a batch refused as a whole with ${status}, only the row to blame is lost`, async () => {
      const body = '{"code":"invalid","message":"unable to parse it"}';
      site.influx.answer = (request) =>
        request.rows.includes('m v=33i 1') ? { status, body } : 204;
      const { queue: waiting } = site.agent();
      waiting.push(rows(100), 1);
      await drain(waiting);
      assert.deepEqual(
        rows(100).filter((row) => !site.influx.stored.has(row)),
        ['m v=33i 1'],
      );
      const { written, refused, bytes } = waiting.figures;
      assert.deepEqual([written, refused, bytes], [99, 1, 0]);
      assert.deepEqual(site.said, [
        {
          message: 'InfluxDB refuses a row; it is lost',
          fields: {
            rows: 1,
            total: 1,
            row: 'm v=33i 1',
            error: `${status} unable to parse it`,
            fix: CONDITIONS.rowsRefused.remedy,
          },
        },
      ]);
    });
  }

  test('a row that it refuses in each window is told of once', async () => {
    site.influx.answer = ({ rows: [row = ''] }) => ({ status: row.startsWith('bad') ? 400 : 204 });
    const { queue: waiting } = site.agent();
    for (let end = 1; end <= 10; end += 1) waiting.push(rows(1, 'bad'), end);
    await drain(waiting);
    assert.equal(waiting.figures.refused, 10);
    assert.deepEqual(site.messages, ['InfluxDB refuses a row; it is lost']);
    assert.ok(!site.over.has('InfluxDB refusals'));
    waiting.push(rows(1, 'good'), 11);
    await drain(waiting);
    assert.ok(site.over.has('InfluxDB refusals'));
  });

  test('a batch that is too large is sent in parts', async () => {
    site.influx.answer = (request) => (request.rows.length > 10 ? 413 : 204);
    const { queue: waiting } = site.agent();
    waiting.push(rows(64), 1);
    await drain(waiting);
    assert.equal(site.influx.stored.size, 64);
  });

  test('Retry-After is in seconds, and not even a fresh window goes before it is over', async () => {
    site.influx.answer = (_, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': '2' } } : 204;
    const { queue: waiting } = site.agent();
    waiting.push(rows(1, 'a'), 1);
    const running = waiting.run(AbortSignal.timeout(30_000));
    await sleep(500);
    waiting.push(rows(1, 'b'), 2);
    waiting.close();
    await sleep(500);
    assert.equal(site.influx.requests.length, 1);
    await running;
    assert.equal(site.influx.stored.size, 2);
  });
});

/** Rows by what became of them; together they are those that were pushed. */
function fates({ figures }: Queue) {
  const { written, refused, dropped, damaged, kept, inMemory } = figures;
  return { written, refused, dropped, damaged, waiting: kept + inMemory };
}

describe('every row is counted as one thing, when', () => {
  const none = { written: 0, refused: 0, dropped: 0, damaged: 0, waiting: 0 };

  for (const [where, room] of [
    ['on disk', { max: 16 * 1000 }],
    ['in memory', { memory: 1000, at: '/dev/null/spool' }],
  ] as const) {
    test(`fresh rows are dropped ${where} before they could be sent`, async () => {
      site.influx.answer = (_, index) =>
        index === 0 ? { status: 429, headers: { 'retry-after': '1' } } : 204;
      const { queue: waiting, unsent } = site.agent(room);
      waiting.push(rows(1, 'first'), 1);
      const running = waiting.run(AbortSignal.timeout(30_000));
      while (waiting.figures.retries === 0) await sleep(5);
      for (let end = 2; end <= 40; end += 1) {
        waiting.push(rows(100, `w${end}`), end);
        await unsent.stored();
      }
      const before = fates(waiting);
      assert.ok(before.dropped > 0);
      assert.deepEqual(before, {
        ...none,
        dropped: before.dropped,
        waiting: 3901 - before.dropped,
      });
      waiting.close();
      await running;
      const { dropped } = before;
      assert.deepEqual(fates(waiting), { ...none, dropped, written: 3901 - dropped });
      assert.equal(site.influx.stored.size, 3901 - dropped);
    });
  }

  test('rows are dropped while they are sent', async () => {
    const { queue: waiting } = site.agent({ memory: 1000, at: '/dev/null/spool' });
    site.influx.answer = (_, index) => {
      if (index === 0) waiting.push(rows(100, 'b'), 2);
      return 204;
    };
    waiting.push(rows(100, 'a'), 1);
    await drain(waiting);
    assert.deepEqual(fates(waiting), { ...none, dropped: 100, written: 100 });
  });

  test('rows are damaged before they could be sent', async () => {
    const { queue: waiting, unsent } = site.agent();
    waiting.push(rows(3, 'a'), 1);
    waiting.push(rows(4, 'b'), 2);
    await unsent.stored();
    for (const file of site.files) rmSync(join(site.directory, file));
    await drain(waiting);
    // The newest rows are in memory too.
    assert.deepEqual(fates(waiting), { ...none, damaged: 3, written: 4 });
    assert.equal(site.influx.requests.length, 1);
  });
});

describe('a request', () => {
  test('is gzipped when it is worth it, and says who sends it', async () => {
    const { queue: waiting } = site.agent();
    waiting.push(rows(1000), 1);
    await drain(waiting);
    const [request] = site.influx.requests;
    assert.equal(request?.headers['content-encoding'], 'gzip');
    assert.equal(request?.headers.authorization, 'Token secret');
    assert.equal(request?.path, '/api/v2/write?org=&bucket=b&precision=s');
  });

  test('has 5000 rows and 1 MiB at most, also of the unsent, where small windows share one', async () => {
    site.influx.answer = (_, index) => (index === 0 ? 503 : 204);
    const { queue: waiting } = site.agent({ memory: 64 * MIB, max: 64 * MIB });
    for (let end = 1; end <= 30; end += 1) waiting.push(rows(10, `w${end}`), end);
    waiting.push(rows(12_000), 31);
    waiting.push(rows(100, 'x'.repeat(30_000)), 32);
    await drain(waiting);
    assert.equal(site.influx.stored.size, 300 + 12_000 + 100);
    for (const request of site.influx.requests) {
      assert.ok(request.rows.length <= 5000);
      assert.ok(request.rows.join('\n').length < MIB);
    }
    assert.ok(site.influx.requests.some((request) => request.rows.length === 300));
  });
});

describe('after an outage', () => {
  test('a fresh window overtakes the unsent, which keeps its order', async () => {
    site.influx.answer = () => 503;
    const { queue: waiting } = site.agent();
    const stop = new AbortController();
    const running = waiting.run(stop.signal);
    for (const name of ['a', 'b', 'c']) {
      waiting.push(rows(3000, name), name.charCodeAt(0));
      await sleep(50);
    }
    site.influx.requests.length = 0;
    site.influx.answer = () => 204;
    waiting.push(rows(1, 'fresh'), 200);
    waiting.close();
    await running;
    const order = site.influx.requests.map((request) => request.rows[0]?.split(' ')[0]);
    assert.deepEqual(order, ['fresh', 'a', 'b', 'c']);
    assert.equal(site.influx.stored.size, 9001);
  });

  test('it is said once, and its end', async () => {
    const over: boolean[] = [];
    site.influx.answer = (_, index) => {
      over.push(site.over.has('InfluxDB'));
      return index < 3 ? 503 : 204;
    };
    const { queue: waiting } = site.agent();
    waiting.push(rows(1), 1);
    await drain(waiting);
    over.push(site.over.has('InfluxDB'));
    assert.deepEqual(over, [false, false, false, false, true]);
    assert.deepEqual(site.messages, ['InfluxDB does not take rows; they are kept']);
    assert.equal(waiting.figures.retries, 3);
  });
});
