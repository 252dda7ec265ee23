import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { serve } from '../../daemon/http/server.ts';
import type { Health } from '../../daemon/http/health.ts';
import { CONNECTIONS } from '../../daemon/http/listener.ts';

const MIB = 1024 * 1024;
/** Holds 10 000 connections for as long as the other end lets it; one client's descriptors suffice. */
const HOLD = `
  const { connect } = require('node:net');
  const dial = () => new Promise((done) => connect(+process.argv[1], '127.0.0.1')
    .on('connect', done).on('error', done).resume());
  (async () => {
    for (let made = 0; made < 10000; made += 100) await Promise.all(Array.from({ length: 100 }, dial));
    console.log('held');
  })();
`;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const verdict = { ok: true, reasons: ['all is well'] };
const health = { alive: () => verdict, ready: () => verdict } as unknown as Health;
/** Says something else each time; nothing on the second. */
const exposition = {
  contentType: 'text/plain',
  asked: 0,
  async metrics() {
    this.asked += 1;
    if (this.asked === 2) throw new Error('no counters');
    return `asked ${this.asked}`;
  },
};
let server: Server;
let port: number;

before(async () => {
  // Port 0 is no configuration, but free.
  server = await serve({ host: '127.0.0.1', port: 0 }, health, exposition);
  ({ port } = server.address() as AddressInfo);
});

after(() => {
  server.closeAllConnections();
  server.close();
});

const url = (path: string) => `http://127.0.0.1:${port}${path}`;

/** Sends something; resolves with all that came back when the connection has ended. */
async function exchange(...pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) socket.write(piece);
  await closed;
  return answer;
}

async function scrape(): Promise<[status: number, text: string]> {
  const answer = await fetch(url('/metrics'));
  return [answer.status, await answer.text()];
}

async function isHealthy(): Promise<void> {
  const answer = await fetch(url('/healthz'));
  assert.deepEqual([answer.status, await answer.text()], [200, 'ok\nall is well\n']);
}

test('GET and HEAD are answered, and the connection is closed', async () => {
  await isHealthy();
  const answer = await exchange('HEAD /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
  assert.match(answer, /^HTTP\/1.1 200 [\s\S]*connection: close[\s\S]*\r\n\r\n$/i);
});

test('the path of a URL is what counts, and one that is none is not found', async () => {
  for (const [target, status] of [
    ['/healthz?x=1', 200],
    ['http://a:9790/healthz', 200],
    ['//', 404],
    ['http://[', 404],
    ['/healthz/', 404],
  ]) {
    const answer = await exchange(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), `${target}`);
  }
});

test('other methods are not, with or without a large body', async () => {
  for (const body of ['', 'x'.repeat(10 * MIB)]) {
    const length = `content-length: ${body.length}\r\n`;
    const answer = await exchange(`POST /healthz HTTP/1.1\r\nhost: a\r\n${length}\r\n`, body);
    // Who still sends when all is over may lose the answer.
    if (answer !== '' || body === '')
      assert.match(answer, /^HTTP\/1.1 405 [\s\S]*allow: GET, HEAD/);
  }
  await isHealthy();
});

test('another path is told what there is', async () => {
  const answer = await fetch(url('/../etc/passwd'));
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /\/healthz.*\/readyz/);
});

test('metrics are read once a second at most, and when they cannot be it is said', async () => {
  const both = await Promise.all([scrape(), scrape()]);
  for (const each of both) assert.deepEqual(each, [200, 'asked 1']);
  await sleep(1100);
  assert.deepEqual(await scrape(), [500, 'the metrics cannot be read\nError: no counters\n']);
  await sleep(1100);
  assert.deepEqual(await scrape(), [200, 'asked 3']);
});

test('of two scrapes in a row on one connection the first one is answered', async () => {
  const answer = await exchange('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2));
  assert.match(answer, /^HTTP\/1.1 200 [\s\S]*asked \d/);
  assert.equal(answer.match(/HTTP\/1.1 /g)?.length, 1);
});

test('a header of 10 MB is refused', async () => {
  const answer = await exchange(
    'GET /healthz HTTP/1.1\r\nhost: a\r\n',
    `x: ${'x'.repeat(10 * MIB)}`,
  );
  if (answer !== '') assert.match(answer, /^HTTP\/1.1 431 /);
  await isHealthy();
});

test('who begins and does not go on is cut off', async () => {
  const [nothing, header, body] = await Promise.all([
    exchange(),
    exchange('GET /healthz HTTP/1.1\r\nhost: '),
    exchange('GET /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nslow'),
  ]);
  assert.doesNotMatch(nothing + header, / 200 /);
  assert.match(body, /^HTTP\/1.1 200 /);
});

test('the oldest connections make room for new ones', async () => {
  const sockets: Socket[] = [];
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket.resume(), 'connect');
    sockets.push(socket);
  }
  const [first] = sockets;
  assert.ok(first);
  const gone = once(first, 'close');
  await isHealthy();
  await gone;
  for (const socket of sockets) socket.destroy();
});

test('ten thousand connections neither keep anybody out nor fill the memory', async () => {
  const before = memory();
  const client = spawn(process.execPath, ['-e', HOLD, `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const state = { held: false };
  client.stdout.once('data', () => (state.held = true));
  let [most, probes] = [0, 0];
  for (; !state.held; probes += 1) {
    await isHealthy();
    most = Math.max(most, await connections());
  }
  await isHealthy();
  const grown = memory() - before;
  client.kill('SIGKILL');
  assert.ok(probes > 5, `${probes} probes`);
  assert.ok(most <= CONNECTIONS, `${most} connections at once`);
  assert.ok(grown < 32 * MIB, `${grown} bytes more`);
});

/** Bytes that are held: what may be collected is. */
function memory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function connections(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}
