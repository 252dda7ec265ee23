import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { Answer } from './status.ts';

/** The way back to a client. */
export interface Reply {
  /** Sends status and headers at once. */
  start(head: Omit<Answer, 'body'>): void;
  /** Sends a chunk. */
  write(text: string): void;
  end(): void;
  /** Sends a whole response. */
  answer(answer: Answer): void;
  /** Drops the connection without another word. */
  drop(): void;
  /** Settles when the connection is gone or the response complete. */
  readonly gone: Promise<void>;
}

/** What is kept of a response. */
export interface Sent {
  status: number;
  bytes: number;
}

/** Wraps a response so that it looks as Go's HTTP server and the API server's filters leave it. */
export function replyTo(request: IncomingMessage, response: ServerResponse, sent: Sent): Reply {
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  // Go says nothing about a connection that it keeps.
  if (request.headers.connection !== 'close') response.removeHeader('Connection');

  const start: Reply['start'] = ({ status, headers = {} }) => {
    sent.status = status;
    response.writeHead(status, { ...common(status), ...headers });
    response.flushHeaders();
  };
  const send = (chunk: string | Buffer) => {
    if (response.destroyed) return;
    sent.bytes += Buffer.byteLength(chunk);
    // Node would make one chunk of what is written in a tick; Go flushes every event.
    response.cork();
    response.write(chunk);
    response.uncork();
  };
  const answer: Reply['answer'] = ({ body = '', ...head }) => {
    const packed = body.length > 128 * 1024 && acceptsGzip(request);
    const bytes = packed ? gzipSync(body, { level: 4 }) : Buffer.from(body);
    const headers = {
      ...(packed ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
      ...(bytes.length > 2048 ? {} : { 'Content-Length': String(bytes.length) }),
    };
    start({ ...head, headers: { ...headers, ...head.headers } });
    send(bytes);
    response.end();
  };
  return {
    start,
    write: send,
    end: () => void response.end(),
    answer,
    drop: () => void request.socket.destroy(),
    gone,
  };
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding']));
}

const flowSchema = randomUUID();
const priorityLevel = randomUUID();

/** Who could not be told apart (401) has not come as far as priority and fairness. */
function common(status: number): Record<string, string> {
  return {
    'Audit-Id': randomUUID(),
    'Cache-Control': 'no-cache, private',
    'Content-Type': 'application/json',
    ...(status === 401
      ? {}
      : {
          'X-Kubernetes-Pf-Flowschema-Uid': flowSchema,
          'X-Kubernetes-Pf-Prioritylevel-Uid': priorityLevel,
        }),
  };
}
