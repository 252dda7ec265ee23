import assert from 'node:assert/strict';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Collection } from '../../lib/relay/collection.ts';
import { PreparedList } from '../../lib/relay/prepared-list.ts';
import { Relay } from '../../lib/relay/relay.ts';
import { RelayServer } from '../../lib/relay/server.ts';
import { until } from '../lab/influx.ts';

const keep = (uid: string, name: string) =>
  Collection.keep('pods', { metadata: { uid, name, resourceVersion: '1' } });

/** A relay without TLS that lets everybody in, and has a list of pods that is larger than what the kernel takes for a client. */
async function relayWithMuch(connections = 100): Promise<{ port: number; server: RelayServer }> {
  const relay = new Relay();
  const [pods] = relay.collections;
  const objects = [keep('a', randomBytes(24 * 1024 * 1024).toString('base64'))];
  pods?.apply({ type: 'replace', objects, version: '1' });
  relay.following('pods', true);
  const server = new RelayServer({
    relay,
    authenticator: { admits: async () => true },
    tls: undefined,
    connections,
    listen: { host: '127.0.0.1', port: 0 },
    unusable: (error) => assert.fail(String(error)),
    failed: (error) => assert.fail(String(error)),
  });
  return { port: await server.listen(), server };
}

async function list(port: number, headers = {}): Promise<IncomingMessage> {
  const options = { port, path: '/api/v1/pods', agent: false, headers };
  const [response] = await once(request(options).end(), 'response');
  return response as IncomingMessage;
}

test('agents that take their lists slowly do not hold up others', async (t) => {
  const { port, server } = await relayWithMuch();
  const slow = await Promise.all(Array.from({ length: 40 }, async () => list(port)));
  t.after(async () => {
    for (const response of slow) response.destroy();
    await server.end();
  });
  const last = await list(port, { 'accept-encoding': 'gzip' });
  // Those that take nothing are cut off only after half a minute.
  const late = setTimeout(() => last.destroy(new Error('it was held up')), 20_000);
  t.after(() => clearTimeout(late));
  const text = gunzipSync(await buffer(last)).toString();
  assert.match(text.slice(0, 100), /^\{"kind":"PodList","apiVersion":"v1"/);
  assert.match(text.slice(-100), /\}\]\}\n$/);
});

test('a list that could not be prepared is prepared anew for the next who asks', async () => {
  const pods = new Collection('pods', 1e6);
  const list = new PreparedList(pods);
  // Twelve of these are more than a string can hold.
  const name = 'x'.repeat(48 * 1024 * 1024);
  const kept = keep('0', name);
  const objects = Array.from({ length: 12 }, (_, nth) => ({ ...kept, uid: `${nth}` }));
  pods.apply({ type: 'replace', objects, version: '2' });
  await assert.rejects(list.body(0), /Invalid string length/);
  for (const { uid } of objects)
    pods.apply({ type: 'remove', object: { ...kept, uid, version: 2 } });
  assert.match(gunzipSync(await list.body(0)).toString(), /"items":\[\]/);
});

test('more connections than a relay can serve are closed at once and counted, and the others are served', async (t) => {
  const { port, server } = await relayWithMuch(2);
  t.after(async () => server.end());
  const slow = [await list(port), await list(port)];
  await assert.rejects(list(port), /ECONNRESET|socket hang up/);
  assert.deepEqual([server.connections, server.figures.turnedAway], [2, 1]);
  for (const response of slow) response.destroy();
  await until(() => server.connections === 0, 'that there is room again');
  (await list(port)).destroy();
  assert.equal(server.figures.turnedAway, 1);
});
