import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Queue } from '../../lib/influx/queue.ts';
import { writer } from '../../lib/influx/write.ts';
import type { Log } from '../../lib/model.ts';

/** Decides about a request by its rows: the status it gets. */
let answer: (rows: readonly string[]) => number;
let stored: Set<string>;
let requests: number;
let server: Server;
let said: string[];

const log: Log = {
  debug() {},
  info: (_, message) => said.push(message),
  warn: (_, message) => said.push(message),
  error: (_, message) => said.push(message),
};

beforeEach(async () => {
  [stored, requests, said, answer] = [new Set(), 0, [], () => 204];
  server = createServer((request, response) => void serve(request, response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const zipped = request.headers['content-encoding'] === 'gzip';
  const rows = (zipped ? gunzipSync(body) : body).toString().split('\n');
  const status = answer(rows);
  requests += 1;
  if (status === 0) request.socket.destroy();
  else response.writeHead(status).end(status === 204 ? undefined : '{"error":"no"}');
  if (status === 204) for (const row of rows) stored.add(row);
}

afterEach(() => server.close());

function queue(capacity = 1_000_000): Queue {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const write = writer({ url, api: 2, org: '', bucket: 'b', token: undefined });
  return new Queue({ write, capacity, log });
}

async function drain(full: Queue): Promise<void> {
  full.close();
  await full.run(AbortSignal.timeout(20_000));
}

const rows = (count: number, name = 'm') =>
  Array.from({ length: count }, (_, at) => `${name} v=${at}i 1`);

for (const status of [0, 401, 403, 404, 408, 429, 500, 503]) {
  test(`a ${status || 'broken connection'} loses nothing: the batch is kept and sent again`, async () => {
    answer = () => (requests === 0 ? status : 204);
    const waiting = queue();
    waiting.push(rows(10));
    await drain(waiting);
    assert.deepEqual([...stored], rows(10));
    assert.deepEqual(waiting.figures, { written: 10, overflow: 0, refused: 0, bytes: 0 });
    assert.equal(requests, 2);
  });
}

test('batches arrive in order, whatever fails in between', async () => {
  answer = () => (requests % 2 === 0 ? 503 : 204);
  const waiting = queue();
  for (const name of ['a', 'b', 'c']) waiting.push(rows(2, name));
  await drain(waiting);
  assert.deepEqual(
    [...stored],
    ['a', 'b', 'c'].flatMap((name) => rows(2, name)),
  );
});

for (const status of [400, 422]) {
  test(`of a batch that is refused with ${status} for one row, only that row is lost`, async () => {
    answer = (batch) => (batch.includes('m v=33i 1') ? status : 204);
    const waiting = queue();
    waiting.push(rows(100));
    await drain(waiting);
    assert.equal(stored.size, 99);
    assert.equal(stored.has('m v=33i 1'), false);
    assert.deepEqual(waiting.figures, { written: 99, overflow: 0, refused: 1, bytes: 0 });
    assert.deepEqual(said, ['InfluxDB refuses a row; it is lost']);
  });
}

test('a batch that is too large is sent in parts', async () => {
  answer = (batch) => (batch.length > 10 ? 413 : 204);
  const waiting = queue();
  waiting.push(rows(64));
  await drain(waiting);
  assert.equal(stored.size, 64);
});

test('when it is full the oldest rows that are not on their way are dropped and counted', () => {
  const waiting = queue(100);
  for (const name of ['a', 'b', 'c', 'd']) waiting.push(rows(4, name));
  // Of 36 bytes each: the first may be on its way, and the last is the newest.
  assert.deepEqual(waiting.figures, { written: 0, overflow: 8, refused: 0, bytes: 72 });
});

test('an outage is said once, and its end', async () => {
  answer = () => (requests < 3 ? 503 : 204);
  const waiting = queue();
  waiting.push(rows(1));
  await drain(waiting);
  assert.deepEqual(said, [
    'InfluxDB does not take rows; they are kept',
    'InfluxDB takes rows again',
  ]);
});
