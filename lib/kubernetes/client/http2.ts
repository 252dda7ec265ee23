import {
  type ClientHttp2Session,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { type Connection, type Figures, meter } from './transport.ts';

/** Bytes that the server may send ahead, for an answer and for all of them: the same as Go's client. */
const STREAM_WINDOW = 4 << 20;
const CONNECTION_WINDOW = 1 << 30;

/**
 * HTTP/2 over a connection that has negotiated it. The connection is destroyed, with the answers under
 * way, when a whole `pingEvery` (ms) brings nothing, not even the acknowledgement of a PING.
 */
export function http2(
  socket: TLSSocket,
  server: string,
  figures: Figures,
  pingEvery: number,
): Connection {
  const session = connect(server, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
  });
  session.setLocalWindowSize(CONNECTION_WINDOW);
  // Each stream reports what is wrong with its session.
  session.on('error', () => {});
  keepAsking(session, socket, pingEvery);

  // An idle connection does not keep the process alive.
  session.unref();
  let open = 0;
  return {
    get over() {
      // A GOAWAY closes the session, too.
      return session.closed || session.destroyed;
    },
    close: () => session.close(),
    async send({ path, headers, signal }) {
      const stream = session.request({ ':path': path, ...headers }, { signal });
      if (open++ === 0) session.ref();
      stream.once('close', () => {
        if (--open === 0) session.unref();
      });
      const head = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>(
        (resolve, reject) => {
          stream
            .on('response', resolve)
            .on('error', reject)
            .on('close', () => reject(aborted()));
        },
      );
      const body = pipeline(stream, meter(figures), () => {});
      // Node has no error for a stream that is cancelled, nor for one that is lost with its session.
      stream.on('close', () => {
        if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) body.destroy(aborted());
      });
      return { status: head[':status'] ?? 0, headers: head, body };
    },
  };
}

/** Sends a PING in each interval, so that a connection that works receives something in each. */
function keepAsking(session: ClientHttp2Session, socket: TLSSocket, every: number): void {
  let seen = socket.bytesRead;
  const check = () => {
    if (session.destroyed) return;
    if (socket.bytesRead === seen) {
      session.destroy(new Error(`the API server sent nothing for ${every} ms, not even to a PING`));
      return;
    }
    seen = socket.bytesRead;
    session.ping(() => {});
  };
  // After a long stop of this process, setImmediate lets what has arrived be read before the check.
  const timer = setInterval(() => setImmediate(check), every).unref();
  session.once('close', () => clearInterval(timer));
}

/** The error that Node has for an HTTP/1.1 answer that breaks off. */
function aborted(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
