/** What comes over the network: requests to the port of the agent, and answers to its own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as dial, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Health } from '../../daemon/http/health.ts';
import { serve } from '../../daemon/http/server.ts';
import { writer } from '../../lib/influx/writer.ts';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { http2 } from '../../lib/kubernetes/client/http2.ts';
import { insecureKubeconfig } from '../lab/kubeconfig.ts';
import { pieces, type Target } from './target.ts';

/** What takes so many milliseconds on this computer alone will never end. */
const HANGS = 20_000;
const TOKEN = 'token-of-the-tests';
/** An answer of InfluxDB that does not end is given up: the client does not notice all that are over. */
const INFLUXDB_PATIENCE = 250;

const verdict = { ok: true, reasons: [] };
const health = { alive: () => verdict, ready: () => verdict } as unknown as Health;
const exposition = { contentType: 'text/plain', metrics: async () => 'up 1\n' };

async function settled<T>(promise: Promise<T>): Promise<T> {
  const { promise: hung, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new assert.AssertionError({ message: 'it hangs' })), HANGS);
  try {
    return await Promise.race([promise, hung]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends all of it; resolves with what came back when the connection has ended. */
async function exchange(port: number, parts: readonly Buffer[]): Promise<string> {
  const socket = dial({ port, host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (answer += piece));
  // A reset leaves no socket behind that the kernel would keep for a minute.
  socket.on('error', () => {}).on('end', () => socket.resetAndDestroy());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const part of parts) socket.write(part);
  socket.end();
  await closed;
  return answer;
}

/** A server that says this to whoever says anything, and hangs up. */
async function saying(parts: readonly Buffer[]) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).resume();
    socket.once('data', () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.resetAndDestroy();
      server.close();
    },
  };
}

/** Whether an answer comes or an error: the token is not in it, and is not endless. */
async function assertOutcome(answer: Promise<string>): Promise<void> {
  try {
    assert.equal(typeof (await settled(answer)), 'string');
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Error, String(error));
    assert.ok(!error.message.includes(TOKEN) && error.message.length <= 1000, error.message);
    assert.doesNotMatch(error.message, /no answer within/);
  }
}

function head(status: string, ...headers: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, ...headers, '\r\n'].join('\r\n');
}

function json(status: string, body: string, ...headers: readonly string[]): string {
  const about = ['content-type: application/json', `content-length: ${body.length}`];
  return head(status, ...about, ...headers) + body;
}

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): Buffer {
  const header = Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]);
  return Buffer.concat([header, Buffer.from(payload)]);
}

const SETTINGS = [frame(4, 0, 0, []), frame(4, 1, 0, [])];
/** The head of an answer of status 200: the eighth entry of HPACK's static table. */
const OK = frame(1, 4, 1, [0x88]);
const GZIP = gzipSync('{"kind":"PodList","items":[]}');

export const wireTargets: readonly Target[] = [
  {
    name: 'port',
    seeds: [
      'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n',
      'GET /metrics HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\nconnection: keep-alive\r\n\r\n',
      'POST /readyz HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc',
    ].map((request) => Buffer.from(request)),
    async check(input, random) {
      const server = await serve({ host: '127.0.0.1', port: 0 }, health, exposition);
      const { port } = server.address() as AddressInfo;
      try {
        const answer = await settled(exchange(port, pieces(input, random)));
        assert.match(answer, /^(?:$|HTTP\/1\.1 (?:100|200|40[0458]|417|431) )/);
        const probe = await settled(exchange(port, [Buffer.from('GET /healthz HTTP/1.0\r\n\r\n')]));
        assert.match(probe, /^HTTP\/1\.1 200 [^]*\r\n\r\nok\n$/);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  },
  {
    name: 'http1-answer',
    seeds: [
      head('200 OK', 'content-length: 2') + '{}',
      head('200 OK', 'transfer-encoding: chunked') + '2\r\n{}\r\n0\r\n\r\n',
      head('200 OK', 'content-encoding: gzip', `content-length: ${GZIP.length}`) +
        GZIP.toString('latin1'),
      head('403 Forbidden', 'content-length: 36') + `{"message":"no, ${TOKEN}"}`,
      head('429 Too Many', 'retry-after: 1', 'content-length: 0'),
      head('100 Continue') + head('204 No Content'),
    ].map((answer) => Buffer.from(answer, 'latin1')),
    async check(input, random) {
      using server = await saying(pieces(input, random));
      using directory = mkdtempDisposableSync(join(tmpdir(), 'nstats-fuzz-'));
      const kubeconfig = join(directory.path, 'kubeconfig');
      writeFileSync(kubeconfig, insecureKubeconfig(`http://127.0.0.1:${server.port}`, TOKEN));
      const { signal } = new AbortController();
      const client = connect(kubeconfig, { patience: HANGS / 4 });
      await assertOutcome(client.get('/x', signal).then(text));
      assert.equal(client.figures.connections, 1);
    },
  },
  {
    name: 'influxdb-answer',
    seeds: [
      head('204 No Content'),
      head('200 OK', 'transfer-encoding: chunked') + '2\r\n{}\r\n0\r\n\r\n',
      json('400 Bad Request', '{"error":"partial write: field type conflict dropped=1"}'),
      json('401 Unauthorized', `{"code":"unauthorized","message":"not by ${TOKEN}"}`),
      json('500 x', GZIP.toString('latin1'), 'content-encoding: gzip'),
      head('429 Too Many', 'retry-after: 1', 'x-influxdb-error: later', 'content-length: 0'),
      head('100 Continue') + head('503 x', 'content-type: text/plain') + 'to the end',
    ].map((answer) => Buffer.from(answer, 'latin1')),
    async check(input, random) {
      using server = await saying(pieces(input, random));
      const url = `http://127.0.0.1:${server.port}`;
      const target = { url, api: 2, org: '', bucket: 'b', token: TOKEN } as const;
      const write = writer(target, INFLUXDB_PATIENCE);
      await assertOutcome(write('m v=1i 1').then(String));
    },
  },
  {
    name: 'http2-answer',
    seeds: [
      Buffer.concat([...SETTINGS, OK, frame(0, 1, 1, [0x7b, 0x7d])]),
      Buffer.concat([...SETTINGS, OK, frame(3, 0, 1, [0, 0, 0, 2])]),
      Buffer.concat([...SETTINGS, frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])]),
      Buffer.concat([...SETTINGS, frame(6, 0, 0, [1, 1, 1, 1, 1, 1, 1, 1]), OK]),
      Buffer.concat([frame(4, 0, 0, [0, 4, 0, 0, 0, 1]), frame(8, 0, 1, [0, 0, 0, 9]), OK]),
    ],
    async check(input, random) {
      using server = await saying(pieces(input, random));
      const url = `http://127.0.0.1:${server.port}`;
      const socket = dial(server.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      const figures = { requests: 0, bytes: 0, connections: 0 };
      const connection = http2(socket as TLSSocket, url, figures, HANGS / 4);
      const { signal } = new AbortController();
      const answer = connection.send({ path: '/x', headers: {}, tls: {}, signal });
      await assertOutcome(answer.then(({ body }) => text(body)));
      connection.close();
      socket.destroy();
    },
  },
];
