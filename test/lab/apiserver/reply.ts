import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Flaw } from './faults.ts';
import { begin, drop, type Outlet, outletOf, type Response, spoiled } from './outlet.ts';
import type { Answer } from './status.ts';

export type Request = IncomingMessage | Http2ServerRequest;

/** The way back to a client. */
export interface Reply {
  /** Sends status and headers at once. */
  start(head: Omit<Answer, 'body'>): void;
  /** Sends a chunk. */
  write(text: string): void;
  end(): void;
  /** Sends a whole response. */
  answer(answer: Answer): Promise<void>;
  /** Drops the connection, or the stream of HTTP/2, without another word. */
  drop(): void;
  /** Spoils what follows. */
  spoil(flaw: Flaw): void;
  /** Sends nothing from now on, not even an end. */
  mute(): void;
  /** What has been sent so far. */
  readonly sent: Sent;
  /** Whether its end has been written. */
  readonly complete: boolean;
  /** Settles when the connection is gone or the response complete. */
  readonly gone: Promise<void>;
}

/** What is kept of a response. */
export interface Sent {
  status: number;
  bytes: number;
}

/** Wraps a response so that it looks as Go's HTTP server and the API server's filters leave it. */
export function replyTo(request: Request, response: Response, sent: Sent): Reply {
  let open = true;
  let complete = false;
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  void gone.then(() => (open = false));
  // Go says nothing about a connection that it keeps.
  if (request.headers.connection !== 'close') response.removeHeader('Connection');

  const direct = outletOf(response);
  const counted = {
    write(bytes: Buffer) {
      if (!open) return;
      sent.bytes += bytes.length;
      direct.write(bytes);
    },
    end() {
      complete = true;
      direct.end();
    },
  };
  let outlet: Outlet = counted;
  const start: Reply['start'] = ({ status, headers = {} }) => {
    if (!open) return;
    sent.status = status;
    begin(response, status, { ...common(status), ...headers });
  };
  const answer: Reply['answer'] = async ({ body = '', ...head }) => {
    const packed = body.length > 128 * 1024 && acceptsGzip(request);
    const bytes = packed ? await promisify(gzip)(body, { level: 4 }) : Buffer.from(body);
    const headers = {
      ...(packed ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
      ...(bytes.length > 2048 ? {} : { 'Content-Length': String(bytes.length) }),
    };
    start({ ...head, headers: { ...headers, ...head.headers } });
    outlet.write(bytes);
    outlet.end();
  };
  return {
    start,
    write: (text) => outlet.write(Buffer.from(text)),
    end: () => outlet.end(),
    answer,
    drop: () => drop(response),
    spoil: (flaw) => void (outlet = spoiled(outlet, flaw, response)),
    mute: () => void (outlet = { write: () => {}, end: () => {} }),
    sent,
    get complete() {
      return complete;
    },
    gone,
  };
}

function acceptsGzip(request: Request): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding']));
}

const flowSchema = randomUUID();
const priorityLevel = randomUUID();

/** A request without a known user (401) does not come as far as priority and fairness. */
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
