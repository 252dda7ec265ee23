import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { exchange, get, start } from './exchange.ts';
import { load } from './load.ts';
import { keyOf } from './object.ts';
import { pod } from './objects.ts';
import { headOf, type List, listOf, type Recorded, recorded, request } from './recording.ts';

/** A list as one that can be compared: the watch cache has no order. */
function sorted(response: Recorded): List {
  const list = listOf(response);
  return { ...list, items: [...list.items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
}

const lists = [
  ['pods-rv0', 'pods', 'pods-rv0'],
  ['pods-fieldselector-node', 'pods', 'pods-rv0'],
  ['services-rv0', 'services', 'services-rv0'],
  ['nodes-rv0', 'nodes', 'nodes-rv0'],
] as const;

for (const [name, resource, state] of lists) {
  test(`${name} is listed as recorded`, async () => {
    await using server = await start();
    load(server.store, resource, listOf(recorded(`api/${state}`)));
    const response = await exchange(server, request(`api/${name}`));
    assert.deepEqual(headOf(response), headOf(recorded(`api/${name}`)));
    assert.deepEqual(sorted(response), sorted(recorded(`api/${name}`)));
  });
}

test('/version is the recorded one', async () => {
  await using server = await start();
  const response = await exchange(server, get('/version', 'Connection: close'));
  assert.deepEqual(headOf(response), headOf(recorded('api/version')));
  assert.deepEqual(response.chunks, recorded('api/version').chunks);
});

test('a single object has the kind that it lacks in a list', async () => {
  await using server = await start();
  const stored = server.store.put('nodes', { metadata: { name: 'vm' } });
  const { chunks } = await exchange(server, get('/api/v1/nodes/vm'));
  assert.deepEqual(JSON.parse(chunks.join('')), { kind: 'Node', apiVersion: 'v1', ...stored });
});

test('a limited list is the first page, and says how many objects are on the others', async () => {
  await using server = await start();
  for (const name of ['a', 'b', 'c']) server.store.put('pods', pod({ name }));
  const { items, metadata } = listOf(await exchange(server, get('/api/v1/pods?limit=2')));
  assert.equal(items.length, 2);
  assert.ok(metadata.continue);
  assert.equal(metadata.remainingItemCount, 1);
});

test('a list over 128 KB is gzipped for who accepts that', async () => {
  await using server = await start();
  const annotations = { note: 'x'.repeat(200_000) };
  server.store.put('pods', pod({ name: 'a', annotations }));
  const { headers } = await exchange(server, get('/api/v1/pods'));
  assert.equal(headers.has('Content-Encoding'), false);

  const packed = await exchange(server, get('/api/v1/pods', 'Accept-Encoding: gzip'));
  assert.equal(packed.headers.get('Content-Encoding'), 'gzip');
  assert.equal(
    gunzipSync(Buffer.from(packed.chunks.join(''), 'latin1')).includes(annotations.note),
    true,
  );
});
