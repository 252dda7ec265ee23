import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { Outlet } from '../../lib/relay/outlet.ts';
import { until } from '../lab/influx.ts';

/** Milliseconds. */
const PATIENCE = 200;
/** More than the kernel takes for the client. */
const MUCH = Buffer.alloc(64 * 1024 * 1024);
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The answer to a client that has asked and reads nothing yet. */
async function asked(
  patience: number,
): Promise<{ outlet: Outlet; client: Socket; response: ServerResponse }> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => resolve(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: any\r\n\r\n');
  ends.push(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  const response = await promise;
  const outlet = new Outlet(response, () => {}, patience);
  outlet.begin(200, {});
  return { outlet, client, response };
}

test('a client that reads nothing is found out', async () => {
  const { outlet } = await asked(PATIENCE);
  assert.equal(await outlet.send(MUCH), false);
  assert.equal(outlet.isOver, false);
  outlet.drop();
  assert.equal(outlet.isOver, true);
});

test('a client that reads after all is waited for', async () => {
  const { outlet, client } = await asked(60_000);
  const sent = outlet.send(MUCH);
  client.resume();
  assert.equal(await sent, true);
});

test('a client that reads slowly has little on its way, and is not cut off', async () => {
  const { outlet, client, response } = await asked(PATIENCE);
  let most = 0;
  const reading = setInterval(() => {
    client.read();
    most = Math.max(most, response.writableLength);
  }, 5);
  ends.push(() => clearInterval(reading));
  assert.equal(await outlet.send(MUCH.subarray(0, 8 * 1024 * 1024)), true);
  assert.ok(most < 32 * 1024, `${most} bytes were waiting`);
});

test('a client that does not take the end of an answer is cut off', async () => {
  const { outlet } = await asked(PATIENCE);
  await outlet.finish(MUCH);
  assert.equal(outlet.isOver, true);
});

test('a client that goes is not waited for', async () => {
  const { outlet, client } = await asked(60_000);
  const sent = outlet.send(MUCH);
  client.destroy();
  assert.equal(await sent, true);
  await until(() => outlet.isOver, 'that it has gone');
  assert.equal(await outlet.send(MUCH), true);
});
