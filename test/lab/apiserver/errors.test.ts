import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exchange, get, start } from './exchange.ts';
import { gone, tooManyRequests } from './faults.ts';
import { headOf, recorded, request } from './recording.ts';

const tokens = new Map([
  ['a', 'admin'],
  ['n', 'nobody'],
]);

/** Every recorded error, with the token it came by and the versions the server was at. */
const errors = [
  { name: '400-bad-fieldselector' },
  { name: '401-bad-token', token: 'wrong' },
  { name: '403-anonymous-list-no-token', token: undefined },
  { name: '403-anonymous-watch-no-token', token: undefined },
  { name: '403-list-pods', token: 'n' },
  { name: '403-watch-pods', token: 'n' },
  { name: '404-no-such-resource' },
  { name: '404-pod' },
  { name: '410-watch-rv1-after-compaction', compacted: 393 },
  { name: '410-watch-rv1-before-compaction', compacted: 390 },
  { name: '500-bad-rv-watch' },
  { name: '504-list-rv-too-large', compacted: 839 },
  { name: 'watch-rv-in-the-future' },
];

for (const { name, compacted = 1, ...with_ } of errors) {
  test(`${name} is answered as recorded`, async () => {
    await using server = await start({ tokens, allowed: (user) => user === 'admin' });
    server.store.advance(compacted);
    server.store.compact();
    const { token } = { token: 'a', ...with_ };
    const response = await exchange(server, request(`errors/${name}`), token ? { token } : {});
    const { chunks } = recorded(`errors/${name}`);
    assert.deepEqual(headOf(response), headOf(recorded(`errors/${name}`)));
    assert.deepEqual(response.chunks, chunks);
  });
}

for (const [fault, name] of [
  ['tooManyRequests', '429-list-pods'],
  ['tooManyRequests', '429-watch-pods'],
  ['gone', '410-list-exact-compacted'],
] as const) {
  test(`the fault ${fault} is ${name}`, async () => {
    await using server = await start();
    server.fault(() => ({ tooManyRequests, gone })[fault]);
    const [, path = ''] = request(`errors/${name}`).split(' ');
    const response = await exchange(server, get(path, 'Connection: close'));
    assert.deepEqual(headOf(response), headOf(recorded(`errors/${name}`)));
    assert.deepEqual(response.chunks, recorded(`errors/${name}`).chunks);
  });
}
