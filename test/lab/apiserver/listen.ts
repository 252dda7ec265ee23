import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer } from 'node:https';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import type { Upgrade } from './exec.ts';
import type { Response } from './outlet.ts';
import type { Request } from './reply.ts';

/** A server on a port of loopback. */
export interface Listening {
  readonly port: number;
  /** Sends GOAWAY to all HTTP/2 clients; what is under way goes on. */
  goaway(): void;
  /** Ends all connections once what was written is sent, and stops listening. */
  close(): Promise<void>;
}

/** Serves HTTP/1.1, and HTTP/2 to those who ask for it where that is wanted. */
export async function listen(
  tls: { readonly key: string; readonly cert: string },
  http2: boolean,
  serve: (request: Request, response: Response, upgrade?: Upgrade) => void,
): Promise<Listening> {
  // A client that never ends its handshake must not hold up close().
  const options = { ...tls, handshakeTimeout: 5_000, keepAliveTimeout: 90_000 };
  const server = http2
    ? createSecureServer({ ...options, allowHTTP1: true }, serve)
    : createServer(options, serve);
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Until the request is granted it may be answered as any other.
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    socket.on('error', () => {});
    serve(request, response, { request, socket, head });
  });
  const sockets = new Set<TLSSocket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('error', () => {}).once('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const goaway = () => sessions.forEach((session) => session.close());
  return {
    port: (server.address() as AddressInfo).port,
    goaway,
    async close() {
      const closed = once(server, 'close');
      server.close();
      goaway();
      sockets.forEach((socket) => socket.destroySoon());
      await closed;
    },
  };
}
