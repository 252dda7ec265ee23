import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { startDelay } from '../../lib/kubernetes/start-delay.ts';
import { node } from '../lab/apiserver/objects.ts';
import { type ApiServer, startApiServer } from '../lab/apiserver/server.ts';
import { site } from './site.ts';

/** The longest delay, in milliseconds: for each node, and when they cannot be counted. */
const [PER_NODE, UNCOUNTED] = [30, 5000];

const { tls, kubeconfig, write } = site();
let api: ApiServer;

beforeEach(async () => {
  mock.method(Math, 'random', () => 1);
  api = await startApiServer({ tls });
  write(api.url);
});

afterEach(async () => {
  mock.restoreAll();
  await api.close();
});

/** The longest that it may be. */
function longest(patience?: number): Promise<number> {
  return startDelay(connect(kubeconfig), new AbortController().signal, patience);
}

test('the delay grows with the number of nodes, of which one is read', async () => {
  for (const name of ['a', 'b', 'c']) api.store.put('nodes', node({ name, addresses: [] }));
  assert.equal(await longest(), 3 * PER_NODE);
  assert.equal(api.requests[0]?.path, '/api/v1/nodes?limit=1');
});

test('the nodes of a server that heeds no limit are counted', async () => {
  api.fault(() => ({ status: 200, body: JSON.stringify({ metadata: {}, items: [{}, {}] }) }));
  assert.equal(await longest(), 2 * PER_NODE);
});

test('an answer without end, packed small, is not held in memory', async () => {
  const metadata = { remainingItemCount: 10, more: ' '.repeat(32 * 1024 * 1024) };
  api.fault(() => ({ status: 200, body: JSON.stringify({ metadata, items: [] }) }));
  assert.equal(await longest(), UNCOUNTED);
});

test('an answer that begins and does not go on is not waited for', async () => {
  api.store.put('nodes', node({ name: 'a', addresses: [] }));
  api.fault(() => ({ rate: 1 }));
  assert.equal(await longest(500), UNCOUNTED);
});
