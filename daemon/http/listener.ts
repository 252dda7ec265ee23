import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a probe needs, and no more: slow clients and large requests are cut off. Times in milliseconds. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 5000,
};
/** A connection without a byte in either direction for so long is closed, also if the client does not read its answer. */
const IDLE = 5000;
/** Connections that the kernel queues, and so the most that it hands over at once. */
export const BACKLOG = 256;
/** Twice the backlog, so that a connection is not closed for others of the same moment before its request is read. */
export const CONNECTIONS = 2 * BACKLOG;

/**
 * A server for GET and HEAD, with one request a connection. At the limit of connections the oldest one is closed. If
 * new ones were refused instead, a client that holds all connections would leave the probes without an answer.
 */
export function listener(answer: RequestListener): Server {
  const server = createServer(LIMITS, (request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') return answer(request, response);
    const headers = { allow: 'GET, HEAD', connection: 'close' };
    response.writeHead(405, headers).end('only GET and HEAD\n');
  });
  // What follows the first request is not read; the answer to the first one ends the connection.
  server.maxRequestsPerSocket = 1;
  server.on('dropRequest', (_request, socket) => socket.pause());
  server.setTimeout(IDLE);

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const [oldest] = sockets;
    if (sockets.size > CONNECTIONS) oldest?.destroy();
  });
  return server;
}
