import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer, type TLSSocket } from 'node:tls';

export interface Replay extends AsyncDisposable {
  readonly url: string;
  /** The paths that were asked for, with their queries. */
  readonly requests: readonly string[];
}

/** Odd, so that the pieces end anywhere: within a chunk's size, an escape, a name. */
const PIECE = 997;

/**
 * Answers each GET with the raw bytes of a recording (`watch/brief-nodes`, say), status line, headers
 * and chunk framing included, and leaves one that there is none for without an answer. HTTP/1.1, as
 * they were recorded.
 */
export async function replay(
  tls: { readonly key: string; readonly cert: string },
  recordingOf: (path: string) => string | undefined,
): Promise<Replay> {
  const requests: string[] = [];
  const sockets = new Set<TLSSocket>();
  const { key, cert } = tls;
  const server = createServer({ key, cert }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let asked = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      asked += text;
      if (!asked.endsWith('\r\n\r\n')) return;
      const path = asked.split(' ')[1] ?? '';
      asked = '';
      requests.push(path);
      const name = recordingOf(path);
      if (name) void send(socket, bytesOf(name));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function bytesOf(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/kubernetes/${name}.resp`, import.meta.url));
}

async function send(socket: TLSSocket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; at += PIECE) {
    socket.write(bytes.subarray(at, at + PIECE));
    await turn();
  }
  if (/^Connection: close\r$/m.test(bytes.toString('latin1', 0, 1000))) socket.end();
}
