import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exchange, get, start } from './exchange.ts';
import { headOf, listOf, recorded, request } from './recording.ts';

test('a cut leaves a watch without its end, as recorded, and the server serving', async () => {
  await using server = await start();
  const response = await exchange(server, request('watch/cut-by-apiserver-sigterm'), {
    answering: () => server.cut(),
  });
  assert.deepEqual(headOf(response), headOf(recorded('watch/cut-by-apiserver-sigterm')));
  assert.equal((await exchange(server, get('/version'))).status, 200);
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
