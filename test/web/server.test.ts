import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage, request as ask, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { webServer } from '../../daemon/web/server.ts';
import { Tabs } from '../../daemon/web/tabs.ts';
import { decodeUpdate, type Update } from '../../daemon/web/update.ts';
import type { Live, View } from '../../lib/top/view.ts';
import { until } from '../lab/influx.ts';
import { SHOP_AGENTS, shopAt } from './shop.ts';

const TOKEN = 'of-this-start';
const FILES = new Map([
  ['/', { type: 'text/html; charset=utf-8', body: Buffer.from('<p>the page</p>') }],
]);

/** Counts how often it is read. */
class Shop implements Live {
  asked = 0;
  readonly isComplete = true;
  readonly #views: readonly View[];

  constructor(views: readonly View[] = shopAt(0)) {
    this.#views = views;
  }

  views(): View[] {
    this.asked += 1;
    return [...this.#views];
  }

  agents() {
    return [...SHOP_AGENTS];
  }
}

async function serve(t: TestContext, live: Live = new Shop()) {
  const server = webServer({ files: FILES, tabs: new Tabs(live), token: TOKEN });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: portOf(server) };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The answer to a request; its body is not read yet. */
async function answer(
  port: number,
  path: string,
  headers: { readonly [name: string]: string } = {},
  method = 'GET',
): Promise<IncomingMessage> {
  const request = ask({ host: '127.0.0.1', port, path, method, headers }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  return response;
}

function eachLine(input: IncomingMessage, take: (line: string) => void): void {
  // The server ends it with the test.
  createInterface({ input })
    .on('line', take)
    .on('error', () => {});
}

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

test('the page is for everybody, what passes in the cluster for who has the token', async (t) => {
  const { port } = await serve(t);
  assert.equal((await answer(port, '/')).statusCode, 200);
  for (const headers of [
    {},
    { authorization: 'Bearer of-another-start' },
    { authorization: TOKEN },
    { authorization: `Bearer ${TOKEN}x` },
    { cookie: `token=${TOKEN}` },
  ] as const)
    assert.equal((await answer(port, '/stream', headers)).statusCode, 401, JSON.stringify(headers));
  assert.equal((await answer(port, `/stream?token=${TOKEN}`)).statusCode, 401);
  assert.equal((await answer(port, '/stream', AUTHORIZED)).statusCode, 200);
});

test('a tab is told at once and then each second, and nothing is read while there is none', async (t) => {
  const live = new Shop();
  const { port } = await serve(t, live);
  await answer(port, '/');
  assert.equal(live.asked, 0);
  const stream = await answer(port, '/stream', AUTHORIZED);
  const updates: Update[] = [];
  eachLine(stream, (line) => updates.push(decodeUpdate(line)));
  await until(() => updates.length >= 3, 'three updates');
  const [first] = updates;
  assert.equal(first?.isComplete, true);
  assert.deepEqual(
    first.agents.map(({ agent, state }) => [agent, state]),
    SHOP_AGENTS.map(({ agent, state }) => [agent, state]),
  );
  const [view, ...rest] = first.views;
  const [sent, ...others] = shopAt(0);
  assert.equal(rest.length, others.length);
  assert.ok(sent);
  assert.deepEqual(view, {
    ...sent,
    now: rounded(sent.now),
    mean10: rounded(sent.mean10),
    mean40: rounded(sent.mean40),
    sentBytes: Math.round(sent.sentBytes),
    receivedBytes: Math.round(sent.receivedBytes),
  });
  stream.destroy();
  let before = -1;
  const isLeftAlone = () => {
    const isSame = before === live.asked;
    before = live.asked;
    return isSame;
  };
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return isLeftAlone();
  }, 'nobody reads any more');
});

function rounded({ send, receive }: View['now']) {
  return { send: Math.round(send), receive: Math.round(receive) };
}

test('several tabs are told the same, of one reading', async (t) => {
  const live = new Shop();
  const { port } = await serve(t, live);
  const lines: string[][] = [[], [], []];
  for (const own of lines) {
    const input = await answer(port, '/stream', AUTHORIZED);
    eachLine(input, (line) => own.push(line));
  }
  await until(() => lines.every((own) => own.length >= 4), 'four updates for each');
  const common = lines[0]?.filter((line) => lines[1]?.includes(line) && lines[2]?.includes(line));
  assert.ok((common?.length ?? 0) >= 2);
  // Its first one is for each alone.
  assert.ok(live.asked < 9, `asked ${live.asked} times`);
});

test('a tab that does not read has no updates queued for it, and does not hold up others', async (t) => {
  const many = Array.from({ length: 40 }, () => shopAt(0)).flat();
  const { server, port } = await serve(t, new Shop(many));
  const length = JSON.stringify(many).length;
  const sockets: { writableLength: number }[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const slow = connect(port, '127.0.0.1').on('error', () => {});
  t.after(() => slow.destroy());
  slow.pause();
  slow.write(`GET /stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`);
  await until(() => (sockets[0]?.writableLength ?? 0) > 0, 'the slow one has its fill');
  const input = await answer(port, '/stream', AUTHORIZED);
  let lines = 0;
  eachLine(input, () => (lines += 1));
  await until(() => lines >= 6, 'six updates for the other');
  assert.ok((sockets[0]?.writableLength ?? 0) <= 2 * length, `${sockets[0]?.writableLength}`);
});

test('it answers only by a name of this machine, so that no name of others can lead to it', async (t) => {
  const { port } = await serve(t);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost:8080', `[::1]:${port}`])
    assert.equal((await answer(port, '/', { host })).statusCode, 200, host);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    '10.0.0.1',
  ]) {
    assert.equal((await answer(port, '/', { host })).statusCode, 421, host);
    assert.equal((await answer(port, '/stream', { host, ...AUTHORIZED })).statusCode, 421, host);
  }
});

test('nothing can be sent to it, and there is nothing beside the page', async (t) => {
  const { port } = await serve(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await answer(port, '/stream', AUTHORIZED, method);
    assert.equal(refused.statusCode, 405);
    assert.equal(refused.headers.allow, 'GET, HEAD');
  }
  for (const path of ['/other', '/../package.json', '/%2e%2e/package.json', '//', '/page.js/..%2f'])
    assert.equal((await answer(port, path)).statusCode, 404, path);
  const head = await answer(port, '/', {}, 'HEAD');
  assert.equal(head.statusCode, 200);
  assert.equal(head.headers['content-length'], '15');
});

test('each answer has a strict policy, and leave for no other site', async (t) => {
  const { port } = await serve(t);
  const origin = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  for (const [path, headers] of [
    ['/', origin],
    ['/nothing', origin],
    ['/stream', origin],
    ['/stream', { ...origin, ...AUTHORIZED }],
    ['/', { host: 'evil.example' }],
  ] as const) {
    const { headers: given } = await answer(port, path, headers);
    const policy = (given['content-security-policy'] ?? '').toString().split('; ');
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ])
      assert.ok(policy.includes(part), `${path}: ${part}`);
    assert.ok(!/unsafe|\*|https?:/.test(policy.join('; ')));
    assert.equal(given['x-content-type-options'], 'nosniff');
    assert.equal(given['referrer-policy'], 'no-referrer');
    assert.equal(given['cache-control'], 'no-store');
    assert.deepEqual(
      Object.keys(given).filter(
        (name) => name.startsWith('access-control') || name === 'set-cookie',
      ),
      [],
    );
  }
});

test('other machines cannot reach it', async (t) => {
  const { server, port } = await serve(t);
  assert.equal((server.address() as AddressInfo).address, '127.0.0.1');
  const other = get({ host: '127.0.0.2', port });
  const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});
