import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { WriteError, writer } from '../../lib/influx/writer.ts';

const MIB = 1024 * 1024;
const JSON_ERROR = { 'content-type': 'application/json' };

let server: Server;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => {
    request.resume().once('end', () => answer(response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** How a write ends that may take so many milliseconds. */
async function failure(patience: number): Promise<WriteError> {
  const { port } = server.address() as AddressInfo;
  const target = { api: 2, org: '', bucket: 'b', token: undefined } as const;
  const write = writer({ ...target, url: `http://127.0.0.1:${port}` }, patience);
  const error = await write('m v=1i 1').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WriteError, String(error));
  return error;
}

async function drip(response: ServerResponse): Promise<void> {
  for await (const _ of setInterval(10)) {
    if (response.destroyed) return;
    response.write(' ');
  }
}

function flood(response: ServerResponse, piece: Buffer): void {
  while (!response.destroyed && response.write(piece));
  response.once('drain', () => flood(response, piece));
}

describe('an answer that does not end', () => {
  for (const status of [200, 201, 400, 500]) {
    test(`is given up: a ${status}, byte by byte`, async () => {
      let closed: Promise<unknown> | undefined;
      answer = (response) => {
        closed = once(response, 'close');
        void drip(response.writeHead(status, JSON_ERROR));
      };
      const { message, status: told } = await failure(200);
      assert.deepEqual([message, told], ['no whole answer within 0.2 s', undefined]);
      await closed;
    });
  }

  test('is given up when it does not even begin', async () => {
    answer = () => {};
    assert.equal((await failure(200)).message, 'no whole answer within 0.2 s');
  });
});

describe('of an answer that is too long', () => {
  for (const status of [400, 500]) {
    test(`no more than the beginning is read: a ${status} in JSON`, async () => {
      const piece = Buffer.alloc(MIB / 4, '{"error":"no"}, ');
      answer = (response) => flood(response.writeHead(status, JSON_ERROR), piece);
      const before = process.resourceUsage().maxRSS;
      const { message, status: told } = await failure(20_000);
      assert.equal(told, status);
      assert.match(message, /^\d+ \{"error":"no"\}, /);
      assert.equal(message.length, 1000);
      assert.ok(process.resourceUsage().maxRSS - before < 64 * 1024);
    });
  }

  test('nothing is unpacked', async () => {
    const piece = gzipSync(Buffer.alloc(4 * MIB, ' '));
    const bomb = Buffer.concat(Array.from({ length: 40 }, () => piece));
    answer = (response) =>
      response.writeHead(500, { ...JSON_ERROR, 'content-encoding': 'gzip' }).end(bomb);
    const before = process.resourceUsage().maxRSS;
    assert.equal((await failure(20_000)).status, 500);
    assert.ok(process.resourceUsage().maxRSS - before < 64 * 1024);
  });
});
