import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';

import { http1 } from './http1.ts';
import { http2 } from './http2.ts';
import type { Connection, Figures, Send, Tls } from './transport.ts';

/** Milliseconds for a connection, in which its SYN is sent three times, and until the end of its TLS handshake. */
const [CONNECT, HANDSHAKE] = [5000, 10_000];

/**
 * Requests to an https server: over one HTTP/2 connection where the server offers that, else over
 * HTTP/1.1. A new connection follows when the first has ended, or when its TLS options change.
 */
export function negotiate(server: string, figures: Figures, pingEvery: number): Send {
  let current: { readonly tls: Tls; readonly connection: Promise<Connection> } | undefined;

  const open = async (tls: Tls): Promise<Connection> => {
    const socket = await dial(new URL(server), tls);
    figures.connections += 1;
    if (socket.alpnProtocol === 'h2') return http2(socket, server, figures, pingEvery);
    socket.destroy();
    return http1(server, figures);
  };
  const connectionFor = async (tls: Tls): Promise<Connection> => {
    if (!current || !isDeepStrictEqual(tls, current.tls)) {
      current?.connection.then((old) => old.close()).catch(() => {});
      current = { tls, connection: open(tls) };
    }
    const mine = current;
    try {
      const connection = await mine.connection;
      if (!connection.over) return connection;
    } catch (error) {
      if (current === mine) current = undefined;
      throw error;
    }
    if (current === mine) current = undefined;
    return connectionFor(tls);
  };
  return async (request) => {
    const connection = await unlessAborted(connectionFor(request.tls), request.signal);
    return connection.send(request);
  };
}

async function dial({ hostname, port, host }: URL, tls: Tls): Promise<TLSSocket> {
  const address = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host: address,
    port: Number(port || 443),
    // A server cannot choose its certificate by an address.
    servername: isIP(address) ? '' : address,
    ALPNProtocols: ['h2', 'http/1.1'],
    ...tls,
  });
  socket.on('error', () => {});
  const late = (what: string, after: number) =>
    setTimeout(() => {
      const message = `${host}: no ${what} within ${after / 1000} s`;
      socket.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
    }, after);
  const connecting = late('connection', CONNECT);
  const shaking = late('TLS handshake', HANDSHAKE);
  try {
    socket.once('connect', () => clearTimeout(connecting));
    await once(socket, 'secureConnect');
    return socket;
  } finally {
    clearTimeout(connecting);
    clearTimeout(shaking);
  }
}

/** Rejects on abort; the promise, for which other requests may wait, goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    const options = { name: 'AbortError', cause: signal.reason };
    reject(new DOMException('The operation was aborted', options));
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
