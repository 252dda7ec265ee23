import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { afterEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import {
  type ApiClient,
  ApiError,
  connect,
  type ConnectOptions,
} from '../../lib/kubernetes/client/client.ts';
import { watch as follow } from '../../lib/kubernetes/watch.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../lab/apiserver/server.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { startProxy } from '../lab/proxy.ts';
import { site } from './site.ts';

const PODS = '/api/v1/pods';
const WATCH = `${PODS}?watch=1&resourceVersion=`;

const { directory, tls, kubeconfig, write } = site();
let api: ApiServer;
let client: ApiClient;
let stop = new AbortController();

afterEach(async () => {
  stop.abort();
  await api.close();
});

async function start(
  options: Partial<ApiServerOptions> = {},
  connectOptions: ConnectOptions = {},
): Promise<void> {
  api = await startApiServer({ tls, ...options });
  write(api.url);
  client = connect(kubeconfig, connectOptions);
  stop = new AbortController();
}

const get = (path: string) => client.get(path, stop.signal);
const names = async (body: Readable) => {
  const list = (await json(body)) as { items: { metadata: { name: string } }[] };
  return list.items.map(({ metadata }) => metadata.name).join();
};
const put = (name: string, annotations = {}) =>
  api.store.put('pods', pod({ name, ips: [], annotations }));
const watch = () => get(WATCH + api.store.version);
const next = async (body: Readable) => String(((await once(body, 'data')) as [Buffer])[0]);

test('four watches and a list at the same time share one connection', async () => {
  await start();
  put('a');
  const bodies = await Promise.all([watch(), watch(), watch(), watch()]);
  assert.equal(await names(await get(PODS)), 'a');
  put('b');
  for (const event of await Promise.all(bodies.map(next))) assert.match(event, /"name":"b"/);
  assert.deepEqual([client.figures.connections, api.connections], [1, 1]);
  assert.equal(client.figures.requests, 5);
});

test('after a GOAWAY a watch goes on, and what follows takes another connection', async () => {
  await start();
  const before = await watch();
  api.goaway();
  await until(async () => {
    await text(await get('/version'));
    return client.figures.connections === 2;
  }, 'another connection');
  put('a');
  assert.match(await next(before), /"name":"a"/);
  await text(await get('/version'));
  assert.deepEqual([client.figures.connections, api.connections], [2, 2]);
});

test('without HTTP/2 a connection is kept for the next request', async () => {
  await start({ http2: false });
  for (let i = 0; i < 3; i += 1) await text(await get('/version'));
  // The first one found out what the server speaks.
  assert.equal(client.figures.connections, 2);
  const bodies = await Promise.all([watch(), watch()]);
  put('a');
  for (const event of await Promise.all(bodies.map(next))) assert.match(event, /"name":"a"/);
  assert.equal(client.figures.connections, 3);
});

test('what a watch says back of our token, also of one that was rotated meanwhile, is not told', async () => {
  await start();
  const [old, token] = ['s3cr3t-token-1', 's3cr3t-token-2'];
  write(api.url, old);
  client = connect(kubeconfig);
  const event = { type: 'ERROR', object: { code: 500, message: `nobody: ${old}, ${token}` } };
  const body = `${JSON.stringify(event)}\n`;
  // The 401 has the kubeconfig read again.
  api.fault(() => ({ status: 401, body: 'no' }));
  await assert.rejects(get(PODS), { status: 401 });
  write(api.url, token);
  api.fault(() => ({ status: 200, body }));
  const options = { client, path: PODS, signal: stop.signal };
  await assert.rejects(follow(options, '1', () => {}).next(), {
    message: 'watch: "nobody: [secret], [secret]"',
  });
});

test('a server is told without the user and password in its URL', async () => {
  await start();
  for (const user of ['jane:s3cr@t@', '']) {
    write(`https://${user}api:6443/x@y`);
    assert.equal(connect(kubeconfig).server, 'https://api:6443/x@y');
  }
});

test('another key and certificate take another connection', async () => {
  await start();
  const one = selfSigned(directory, []);
  const withKey = (pair: { key: string; cert: string }) => {
    writeFileSync(join(directory, 'client.key'), pair.key);
    writeFileSync(join(directory, 'client.crt'), pair.cert);
  };
  withKey(one);
  const config = JSON.parse(kubeconfigFor(api.url, tls.ca, 't'));
  config.users[0].user = { 'client-key': 'client.key', 'client-certificate': 'client.crt' };
  writeFileSync(kubeconfig, JSON.stringify(config));
  client = connect(kubeconfig);
  for (let i = 0; i < 2; i += 1) await text(await get('/version'));
  assert.equal(client.figures.connections, 1);
  withKey(selfSigned(directory, []));
  for (let i = 0; i < 2; i += 1) await text(await get('/version'));
  assert.equal(client.figures.connections, 2);
});

test('a token file is read again when its token is refused', async () => {
  const tokens = new Map([['old', 'u']]);
  await start({ tokens });
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, 'old');
  const config = JSON.parse(kubeconfigFor(api.url, tls.ca, ''));
  config.users[0].user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
  writeFileSync(kubeconfig, JSON.stringify(config));
  client = connect(kubeconfig);
  await text(await get(PODS));
  tokens.delete('old');
  tokens.set('new', 'u');
  writeFileSync(tokenFile, 'new');
  await assert.rejects(get(PODS), { status: 401 });
  await text(await get(PODS));
});

for (const http2 of [true, false]) {
  describe(http2 ? 'over HTTP/2' : 'over HTTP/1.1', () => {
    test('a large list comes gzipped, and its bytes are counted as they came', async () => {
      await start({ http2 });
      put('a', { note: 'x'.repeat(500_000) });
      assert.equal(await names(await get(PODS)), 'a');
      assert.equal(client.figures.bytes, api.requests[0]?.bytes);
      assert.ok(client.figures.bytes < 100_000);
    });

    test('gzip that is cut or damaged is an error of the body', async () => {
      await start({ http2 });
      put('a', { note: Array.from({ length: 50_000 }, (_, i) => i).join() });
      api.fault(() => ({ cutAfter: 20_000 }));
      await assert.rejects(text(await get(PODS)), { code: /ECONNRESET|PREMATURE|HTTP2/ });
      const headers = { 'Content-Encoding': 'gzip' };
      const packed = gzipSync('a'.repeat(1000)).toString('latin1');
      // As UTF-8 it is another byte sequence.
      api.fault(() => ({ status: 200, headers, body: packed }));
      await assert.rejects(text(await get(PODS)), { code: /^Z_/ });
    });

    test('an answer that breaks off is an error of its body', async () => {
      await start({ http2 });
      put('a', { note: 'x'.repeat(5000) });
      api.fault(() => ({ cutAfter: 4000 }));
      for (const path of [PODS, `${PODS}?watch=1`]) {
        await assert.rejects(text(await get(path)), { code: /ECONNRESET|HTTP2/ });
      }
      api.fault(undefined);
      for (const harm of [async () => api.cut(), () => api.down()]) {
        const body = await get(`${PODS}?watch=1`);
        await next(body);
        await harm();
        await assert.rejects(text(body), { code: 'ECONNRESET' });
      }
      await assert.rejects(get(PODS), { code: 'ECONNREFUSED' });
      await api.up();
      assert.equal(await names(await get(PODS)), 'a');
    });

    test('a reset is an error, and the next request finds its way', async () => {
      await start({ http2 });
      api.fault(() => 'reset');
      await assert.rejects(get(PODS), { code: 'ECONNRESET' });
      api.fault(undefined);
      assert.equal(await names(await get(PODS)), '');
    });

    test('an answer that never begins is given up', async () => {
      await start({ http2 }, { patience: 200 });
      api.fault(() => 'hang');
      await assert.rejects(get(PODS), /no answer within 0.2 s/);
    });

    test('a body may take longer than its answer may take to begin', async () => {
      await start({ http2 }, { patience: 200 });
      put('a');
      api.fault(() => ({ rate: 1000 }));
      assert.equal(await names(await get(PODS)), 'a');
    });

    test('to abort ends a request that waits, and a body that is read', async () => {
      await start({ http2 });
      const body = await watch();
      api.fault(() => 'hang');
      const waiting = get(PODS);
      await until(() => api.requests.length === 2, 'the request');
      stop.abort();
      await assert.rejects(waiting, { name: 'AbortError' });
      await assert.rejects(text(body), { name: 'AbortError' });
      await assert.rejects(get(PODS), { name: 'AbortError' });
    });

    test('what is not a success is thrown, with the wait that it asks for', async () => {
      await start({ http2 });
      const status = { message: 'later' };
      const answer = { status: 429, body: JSON.stringify(status) };
      api.fault(() => ({ ...answer, headers: { 'Retry-After': '7' } }));
      await assert.rejects(get(PODS), new ApiError(PODS, 429, { 'retry-after': '7' }, answer.body));
      const at = new Date(Date.now() + 60_000).toUTCString();
      api.fault(() => ({ ...answer, headers: { 'Retry-After': at } }));
      await assert.rejects(
        get(PODS),
        ({ retryAfter }: ApiError) => Number(retryAfter) > 30_000 && Number(retryAfter) <= 60_000,
      );
    });
  });
}

test('a connection that falls silent is given up, and another one is made', async () => {
  await start({}, { pingEvery: 200 });
  const body = await watch();
  api.freeze();
  await assert.rejects(text(body), /sent nothing for 200 ms/);
  assert.equal(await names(await get(PODS)), '');
  assert.equal(client.figures.connections, 2);
});

test('a quiet watch on a connection that answers is left alone', async () => {
  await start({}, { pingEvery: 50 });
  const body = await watch();
  setTimeout(() => put('a'), 1000);
  assert.match(await next(body), /"name":"a"/);
  assert.equal(client.figures.connections, 1);
});

/** A server without TLS that has no objects, and the credentials that it was sent. */
async function startPlain() {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{"items":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, seen, [Symbol.asyncDispose]: async () => void server.close() };
}

test('a server without TLS is asked over HTTP/1.1, and on loopback with our credentials', async () => {
  await start();
  await using plain = await startPlain();
  for (const host of ['127.0.0.1', 'localhost']) {
    write(`http://${host}:${plain.port}`);
    client = connect(kubeconfig);
    for (let i = 0; i < 2; i += 1) assert.equal(await names(await get(PODS)), '');
    assert.equal(client.figures.connections, 1);
  }
  assert.deepEqual(new Set(plain.seen), new Set(['Bearer t']));
});

test('a server that the kubeconfig has a proxy for is listed and watched through it', async () => {
  await start();
  await using proxy = await startProxy('127.0.0.1', 'jane:s3cr3tpw');
  const config = JSON.parse(kubeconfigFor(api.url, tls.ca, 't'));
  config.clusters[0].cluster['proxy-url'] = proxy.url;
  writeFileSync(kubeconfig, JSON.stringify(config));
  client = connect(kubeconfig);
  assert.equal(client.via, proxy.url.replace('jane:s3cr3tpw@', ''));
  put('a');
  assert.equal(await names(await get(PODS)), 'a');
  const body = await watch();
  put('b');
  assert.match(await next(body), /"name":"b"/);
  stop.abort();
  const tunnel = `CONNECT ${new URL(api.url).host}`;
  assert.deepEqual(proxy.requests, [tunnel, tunnel]);
});

test('credentials are not sent in the clear to another machine', async () => {
  await start();
  // By way of a proxy, so that this is asked of nobody in earnest.
  await using proxy = await startProxy();
  await using plain = await startPlain();
  write(`http://api.invalid:${plain.port}`);
  client = connect(kubeconfig, { proxies: { http: proxy.url, https: undefined, no: '' } });
  proxy.resolve('api.invalid', '127.0.0.1');
  assert.equal(await names(await get(PODS)), '');
  assert.deepEqual(plain.seen, [undefined]);
});
