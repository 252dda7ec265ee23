import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { Outlet } from '../../lib/relay/outlet.ts';
import { until } from '../lab/influx.ts';

/** Milliseconds. */
const PATIENCE = 200;
const PIECE = Buffer.alloc(64 * 1024);
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The answer to a client that has asked and reads nothing yet. */
async function asked(patience: number): Promise<{ outlet: Outlet; client: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Outlet>();
  const server = createServer((_, response) => resolve(new Outlet(response, () => {}, patience)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: any\r\n\r\n');
  ends.push(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const outlet = await promise;
  outlet.begin(200, {});
  return { outlet, client };
}

/** Writes until the client is behind. */
function fill(outlet: Outlet): void {
  while (outlet.write(PIECE));
}

test('a client that reads nothing is found out', async () => {
  const { outlet } = await asked(PATIENCE);
  let taken = true;
  // The kernel takes some before the client is asked.
  while (taken) {
    fill(outlet);
    taken = await outlet.drained();
  }
  assert.equal(outlet.isOver, false);
  outlet.drop();
  assert.equal(outlet.isOver, true);
});

test('a client that reads after all is waited for', async () => {
  const { outlet, client } = await asked(60_000);
  fill(outlet);
  const drained = outlet.drained();
  client.resume();
  assert.equal(await drained, true);
});

test('a client that does not take the end of an answer is cut off', async () => {
  const { outlet } = await asked(PATIENCE);
  await outlet.finish(Buffer.alloc(64 * 1024 * 1024));
  await until(() => outlet.isOver, 'that it is cut off');
});

test('a client that goes is not waited for', async () => {
  const { outlet, client } = await asked(60_000);
  fill(outlet);
  const drained = outlet.drained();
  client.destroy();
  assert.equal(await drained, true);
  await until(() => outlet.isOver, 'that it has gone');
  assert.equal(await outlet.drained(), true);
});
