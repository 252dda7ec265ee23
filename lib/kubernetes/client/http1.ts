import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { addAbortSignal, pipeline } from 'node:stream';

import { type Connection, type Figures, meter } from './transport.ts';

/** Milliseconds without a byte after which the kernel checks whether the peer is still there. */
const KEEP_ALIVE = 5000;

/** HTTP/1.1 to a server: a connection for each answer under way, kept for those that follow. */
export function http1(server: string, figures: Figures): Connection {
  const secure = server.startsWith('https:');
  const pool = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  let over = false;
  return {
    get over() {
      return over;
    },
    close: () => {},
    async send({ path, headers, tls, agent = pool, signal }) {
      const request = (secure ? httpsRequest : httpRequest)(server + path, {
        ...tls,
        headers,
        agent,
        signal,
      });
      request.setSocketKeepAlive(true, KEEP_ALIVE);
      request.on('socket', () => {
        if (!request.reusedSocket) figures.connections += 1;
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request
          .on('response', resolve)
          .on('error', (error) => {
            over ||= !signal.aborted;
            reject(error);
          })
          // Node has no error for a server that switches to another protocol without being asked.
          .on('close', () => reject(new Error('the connection was closed without an answer')))
          .end();
      });
      // Without addAbortSignal an aborted answer looks like one that broke off.
      const body = addAbortSignal(signal, meter(figures));
      pipeline(response, body, () => {});
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    },
  };
}
