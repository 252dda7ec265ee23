import assert from 'node:assert/strict';
import { test } from 'node:test';

import { until } from '../influx.ts';
import { exchange, get, start } from './exchange.ts';
import { pod } from './objects.ts';
import { headOf, listOf, type Recorded, recorded, request } from './recording.ts';
import type { ApiServer } from './server.ts';

test('a cut leaves a watch without its end, as recorded, and the server serving', async () => {
  await using server = await start();
  const response = await exchange(server, request('watch/cut-by-apiserver-sigterm'), {
    answering: () => server.cut(),
  });
  assert.deepEqual(headOf(response), headOf(recorded('watch/cut-by-apiserver-sigterm')));
  assert.equal((await exchange(server, get('/version'))).status, 200);
});

test('close ends a watch cleanly and stops listening', async () => {
  await using server = await start();
  let closed: Promise<void> | undefined;
  const response = await exchange(server, get('/api/v1/pods?watch=1'), {
    answering: () => {
      closed = server.close();
    },
  });
  assert.equal(response.complete, true);
  await closed;
  await assert.rejects(exchange(server, get('/version')), { code: 'ECONNREFUSED' });
});

test('a reset is an ECONNRESET to the client', async () => {
  await using server = await start();
  server.fault(() => 'reset');
  await assert.rejects(exchange(server, get('/api/v1/pods')), { code: 'ECONNRESET' });
});

test('a hanging request is never answered, and close does not wait for it', async () => {
  await using server = await start();
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  server.fault(() => {
    resolve();
    return 'hang';
  });
  const response = exchange(server, get('/api/v1/pods'));
  await arrived;
  await server.close();
  assert.equal((await response).status, 0);
});

test('a fault decides request by request until it is taken away', async () => {
  await using server = await start();
  server.fault(({ path }) => (path.includes('pods') ? { status: 503 } : 'proceed'));
  assert.equal((await exchange(server, get('/api/v1/pods'))).status, 503);
  assert.equal((await exchange(server, get('/api/v1/nodes'))).status, 200);
  server.fault(undefined);
  assert.equal((await exchange(server, get('/api/v1/pods'))).status, 200);
});

test('an answer is cut after so many bytes, in the middle of an event too', async () => {
  await using server = await start();
  server.store.put('pods', pod({ name: 'a' }));
  server.fault(() => ({ cutAfter: 100 }));
  for (const path of ['/api/v1/pods', '/api/v1/pods?watch=1&timeoutSeconds=3']) {
    const { status, complete } = await exchange(server, get(path));
    assert.deepEqual([status, complete, server.requests.at(-1)?.bytes], [200, false, 100]);
  }
});

test('an answer that trickles comes whole in the end', async () => {
  await using server = await start();
  const { chunks: whole } = await exchange(server, get('/version'));
  server.fault(() => ({ rate: 2000 }));
  const { chunks } = await exchange(server, get('/version'));
  assert.deepEqual(chunks, whole);
});

/** A watch, when its head is here. */
async function watching(server: ApiServer): Promise<{ readonly end: Promise<Recorded> }> {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const end = exchange(server, get('/api/v1/pods?watch=1&timeoutSeconds=2'), {
    answering: resolve,
  });
  await begun;
  return { end };
}

test('a watch that is muted stays open, says nothing and does not hold up close', async () => {
  await using server = await start();
  const { end } = await watching(server);
  server.mute(({ path }) => path.includes('watch=1'));
  server.store.put('pods', pod({ name: 'a' }));
  const other = await (await watching(server)).end;
  assert.equal(other.chunks.length, 1);
  await until(() => server.connections === 1, 'the end of the other connection');
  await server.close();
  assert.deepEqual((await end).chunks, []);
});

test('connections that are frozen stay open, others are served', async () => {
  await using server = await start();
  const { end } = await watching(server);
  server.freeze();
  const other = await (await watching(server)).end;
  assert.equal(other.complete, true);
  await until(() => server.connections === 1, 'the end of the other connection');
  await server.close();
  assert.equal((await end).complete, false);
});

test('down cuts and refuses, up is on the same port with the same objects', async () => {
  await using server = await start();
  server.store.put('pods', pod({ name: 'a' }));
  const { end } = await watching(server);
  await server.down();
  assert.equal((await end).complete, false);
  await assert.rejects(exchange(server, get('/version')), { code: 'ECONNREFUSED' });
  await server.up();
  assert.equal(listOf(await exchange(server, get('/api/v1/pods'))).items.length, 1);
});

for (const resource of ['pods', 'services', 'nodes', 'namespaces']) {
  const name = `v1.36/after-restart-first-watch-${resource}`;
  test(`${name}: what is known of the time before a restart is too old, and a list is not`, async () => {
    await using server = await start();
    server.store.advance(7883);
    await server.down();
    await server.up();
    const response = await exchange(server, request(name));
    assert.equal(response.complete, true);
    assert.deepEqual(response.chunks, recorded(name).chunks);
    const list = '?resourceVersion=7883&resourceVersionMatch=NotOlderThan';
    const { metadata } = listOf(await exchange(server, get(`/api/v1/${resource}${list}`)));
    assert.equal(metadata.resourceVersion, '7909');
  });
}

test('a token can be taken away and another one given while it runs', async () => {
  const tokens = new Map([['old', 'u']]);
  await using server = await start({ tokens });
  const status = async (token: string) =>
    (await exchange(server, get('/api/v1/pods'), { token })).status;
  assert.deepEqual([await status('old'), await status('new')], [200, 401]);
  tokens.delete('old');
  tokens.set('new', 'u');
  assert.deepEqual([await status('old'), await status('new')], [401, 200]);
});

test('requests are recorded with their user, status and bytes', async () => {
  await using server = await start({ tokens: new Map([['t', 'system:serviceaccount:a:b']]) });
  server.store.put('pods', pod({ name: 'a' }));
  const path = '/api/v1/pods?watch=1&timeoutSeconds=1';
  const { chunks } = await exchange(server, get(path), { token: 't' });
  const [{ at: _, ...record } = assert.fail(), ...others] = server.requests;
  const user = 'system:serviceaccount:a:b';
  const bytes = Buffer.byteLength(chunks.join(''));
  assert.deepEqual(record, { method: 'GET', path, user, status: 200, bytes });
  assert.deepEqual(others, []);
});

test('a review tells what RBAC allows', async () => {
  const tokens = new Map([['t', 'agent']]);
  await using server = await start({ tokens, allowed: (_, verb) => verb !== 'watch' });
  for (const [verb, allowed] of [
    ['list', true],
    ['watch', false],
    ['delete', false],
  ] as const) {
    const spec = { resourceAttributes: { verb, resource: 'pods' } };
    const body = JSON.stringify({ spec });
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const text = get(path, `Content-Length: ${body.length}`).replace('GET', 'POST');
    const response = await exchange(server, text, { token: 't', body });
    assert.equal(response.status, 201);
    assert.deepEqual(JSON.parse(response.chunks.join('')).status, { allowed });
  }
});
