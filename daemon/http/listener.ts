import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a probe needs, and no more: a slow client or a large request is cut off. Times in milliseconds. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
/** Milliseconds without a byte in either direction, as when a client does not read its answer. */
const IDLE = 5000;
/** Connections that the kernel queues at most, and so hands over at once. */
export const BACKLOG = 256;
/** Twice that: connections that come at the same moment close none whose request is not read yet. */
export const CONNECTIONS = 2 * BACKLOG;

/**
 * A server for GET and HEAD, one request a connection. At the limit of connections the oldest one is closed: if new ones
 * were refused, a client that holds all connections would leave probes without an answer.
 */
export function listener(answer: RequestListener): Server {
  const server = createServer(LIMITS, (request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') return answer(request, response);
    const headers = { allow: 'GET, HEAD', connection: 'close' };
    response.writeHead(405, headers).end('only GET and HEAD\n');
  });
  // A second request is not read: the answer to the first one ends the connection.
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
