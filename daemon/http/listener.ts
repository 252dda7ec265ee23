import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** What a probe needs, and no more: whoever is slow or large is cut off. Times in milliseconds. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
/** Without a byte in either direction; also for those who do not read their answer. */
const IDLE = 5000;
/** Connections that the kernel holds for us at most, and so hands over at once. */
export const BACKLOG = 256;
/** Twice that: nobody is pushed out by those who come at the same moment, before it is heard. */
export const CONNECTIONS = 2 * BACKLOG;

/**
 * A server for GET and HEAD, one request a connection. To refuse newcomers while the limit of
 * connections is reached would leave a probe without an answer for as long as somebody holds them
 * all: the oldest connection goes instead.
 */
export function listener(answer: RequestListener): Server {
  const server = createServer(LIMITS, (request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') return answer(request, response);
    const headers = { allow: 'GET, HEAD', connection: 'close' };
    response.writeHead(405, headers).end('only GET and HEAD\n');
  });
  // What is sent behind the first request is not read; the answer to that one ends the connection.
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
