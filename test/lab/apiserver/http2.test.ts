import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { ca, exchange, get, start } from './exchange.ts';
import { load } from './load.ts';
import { listOf, recorded, request } from './recording.ts';
import type { ApiServer } from './server.ts';

/** The same GET as a recorded one, over HTTP/2. */
async function exchange2({ url }: ApiServer, asked: string) {
  const [, path = ''] = asked.split(' ');
  const session = connect(url, { ca });
  // The stream tells it too.
  session.on('error', () => {});
  const stream = session.request({ ':path': path, accept: 'application/json' });
  const [head] = (await once(stream, 'response')) as [Record<string, string | number>];
  const body = await text(stream);
  session.close();
  return { head, body };
}

/** What HTTP/2 has no words for, and what differs between any two answers. */
const differs = /^(:status|connection|transfer-encoding|date|audit-id)$/;
const names = (headers: Iterable<string>) =>
  [...headers]
    .map((name) => name.toLowerCase())
    .filter((name) => !differs.test(name))
    .sort();

for (const name of ['api/pods-rv0', 'api/nodes-rv0', 'errors/404-pod', 'errors/500-bad-rv-watch']) {
  test(`${name}: the answer over HTTP/2 is the one over HTTP/1.1`, async () => {
    await using server = await start();
    for (const resource of ['pods', 'nodes'] as const) {
      load(server.store, resource, listOf(recorded(`api/${resource}-rv0`)));
    }
    const one = await exchange(server, request(name));
    const two = await exchange2(server, request(name));
    assert.equal(two.body, one.chunks.join(''));
    assert.equal(two.head[':status'], one.status);
    assert.deepEqual(names(Object.keys(two.head)), names(one.headers.keys()));
  });
}

test('a watch says the same over HTTP/2', async () => {
  await using server = await start();
  load(server.store, 'pods', listOf(recorded('api/pods-rv0')));
  const watch = get('/api/v1/pods?watch=1&timeoutSeconds=3');
  const one = await exchange(server, watch);
  assert.equal((await exchange2(server, watch)).body, one.chunks.join(''));
});

test('without HTTP/2 a client that knows nothing else is refused', async () => {
  await using server = await start({ http2: false });
  await assert.rejects(exchange2(server, get('/version')));
  assert.equal((await exchange(server, get('/version'))).status, 200);
});
