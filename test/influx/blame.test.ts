import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from '../../lib/influx/queue.ts';
import { drain, rows, Site } from './site.ts';
import type { Answer, Request } from './stand-in.ts';

let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

const POISON = 'bad v=1i 1';
const poisoned = (answer: Answer | number) => (request: Request) =>
  request.rows.includes(POISON) ? answer : 204;

const fiveOfTen = (row: string) => !/^m v=[0-4]i/.test(row);

/** Pushes a fresh window now and then, as an agent does, until something is so. */
async function windowsUntil(queue: Queue, done: () => boolean): Promise<void> {
  for (let end = 100; !done() && end < 150; end += 1) {
    queue.push(rows(1, `w${end}`), end);
    // Between two requests of the unsent there is a quarter of a second.
    await sleep(400);
  }
  assert.ok(done());
}

describe('a partial write', () => {
  for (const [what, status, body] of [
    [
      'of InfluxDB 2.0',
      500,
      {
        code: 'internal error',
        message:
          'unexpected error writing points to database: partial write: points beyond retention policy dropped=5',
      },
    ],
    [
      'of 1.x',
      422,
      { error: 'partial write: max-series-per-database limit exceeded: (9/9) dropped=5' },
    ],
    ['of one that is busy too', 503, { message: 'partial write: too much dropped=5' }],
    [
      'of InfluxDB 3',
      400,
      {
        error: 'partial write of line protocol occurred',
        data: Array.from({ length: 5 }, (_, at) => ({
          original_line: `m v=${at}i 1`,
          line_number: at + 1,
          error_message: 'invalid column type for column v',
        })),
      },
    ],
  ] as const) {
    test(`${what} (${status}) counts what was dropped and goes on`, async () => {
      site.influx.answer = ({ rows: [row] }) =>
        row?.startsWith('m ') ? { status, body: JSON.stringify(body), takes: fiveOfTen } : 204;
      const { queue } = site.agent();
      queue.push(rows(10), 1);
      queue.push(rows(10, 'next'), 2);
      await drain(queue);
      const { written, refused, retries, bytes } = queue.figures;
      assert.deepEqual([written, refused, retries, bytes], [15, 5, 0, 0]);
      assert.equal(site.influx.requests.length, 2);
      assert.match(
        JSON.stringify(site.said),
        /retention policy|limit exceeded|too much|invalid column type/,
      );
    });
  }

  test('of InfluxDB 3 that lists so much that it is no whole answer is looked for row by row', async () => {
    const data = Array.from({ length: 3000 }, () => ({ error_message: 'x'.repeat(500) }));
    const whole = JSON.stringify({ error: 'partial write of line protocol occurred', data });
    site.influx.answer = ({ rows }) =>
      rows.includes(POISON) ? { status: 400, body: rows.length > 1 ? whole : 'no' } : 204;
    const { queue } = site.agent();
    queue.push([...rows(20), POISON], 1);
    await drain(queue);
    assert.deepEqual([queue.figures.written, queue.figures.refused], [20, 1]);
  });
});

test('a batch of which each row is refused does not keep fresh windows waiting', async () => {
  const { queue } = site.agent();
  site.influx.answer = ({ rows: [row = ''] }, index) => {
    if (index === 10) queue.push(rows(3, 'fresh'), 2);
    return row.startsWith('m ') ? { status: 400, body: '{"message":"no"}' } : 204;
  };
  queue.push(rows(500), 1);
  await drain(queue);
  const at = site.influx.requests.findIndex(({ rows: [row] }) => row?.startsWith('fresh '));
  assert.ok(at > 10 && at < 20, `it was request ${at} of ${site.influx.requests.length}`);
  assert.deepEqual([queue.figures.written, queue.figures.refused], [3, 500]);
});

describe('a batch that InfluxDB does not take while it takes others', () => {
  for (const status of [405, 409, 500, 501, 507]) {
    test(`is halved until the row to blame is left, and that is refused: a ${status}`, async () => {
      const body = '{"message":"panic: runtime error"}';
      site.influx.answer = poisoned({ status, body });
      const { queue } = site.agent();
      const running = queue.run(AbortSignal.timeout(60_000));
      queue.push([...rows(50), POISON], 1);
      await windowsUntil(queue, () => queue.figures.refused > 0);
      queue.close();
      await running;
      assert.equal(queue.figures.refused, 1);
      assert.ok(rows(50).every((row) => site.influx.stored.has(row)));
      assert.match(JSON.stringify(site.said), /"row":"bad v=1i 1","error":"\d+ panic/);
    });
  }

  test('does not hold up the unsent before anything was taken, either', async () => {
    site.influx.answer = poisoned(500);
    const { queue } = site.agent();
    for (const [end, name] of ['a', 'b', 'c'].entries())
      queue.push(name === 'a' ? [POISON] : rows(10, name), end);
    await drain(queue);
    const { written, refused, bytes } = queue.figures;
    assert.deepEqual([written, refused, bytes], [20, 1, 0]);
  });

  for (const status of [0, 401, 403, 404, 429, 502, 503]) {
    const what = status === 0 ? 'a broken connection' : `a ${status}`;
    test(`is set aside and kept, since that may mean later: ${what}`, async () => {
      site.influx.answer = poisoned(status);
      const { queue } = site.agent();
      const stop = new AbortController();
      const running = queue.run(stop.signal);
      queue.push([POISON, ...rows(5)], 1);
      queue.push(rows(5, 'old'), 2);
      const isAside = () => site.messages.some((message) => message.includes('takes other rows'));
      await windowsUntil(queue, isAside);
      queue.push(rows(3, 'fresh'), 300);
      while (!site.influx.stored.has('fresh v=2i 1')) await sleep(5);
      while (queue.figures.kept + queue.figures.inMemory > 6) await sleep(5);
      assert.ok(site.influx.stored.has('old v=4i 1'));
      assert.equal(queue.figures.refused, 0);
      stop.abort();
      await running;
    });
  }
});
