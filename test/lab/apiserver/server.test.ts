import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exchange, get, start } from './exchange.ts';
import { pod } from './objects.ts';
import { headOf, recorded, request } from './recording.ts';

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
