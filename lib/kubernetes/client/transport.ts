import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

/** The options that a connection is made with: another one is needed when any of them changes. */
export const TLS = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'servername',
  'rejectUnauthorized',
] as const;
export type Tls = Pick<ConnectionOptions, (typeof TLS)[number]>;

/** A GET. */
export interface Request {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly tls: Tls;
  /** The agent of a proxy. */
  readonly agent?: Agent;
  readonly signal: AbortSignal;
}

/** An answer of any status. A body that breaks off before its end is an error of the stream. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** Resolves when the head of the answer has arrived; rejects when the signal is aborted before. */
export type Send = (request: Request) => Promise<Answer>;

/** A connection to the server that requests share. */
export interface Connection {
  readonly send: Send;
  /** The connection takes no more requests; those under way may still be answered. */
  readonly over: boolean;
  /** Takes no more requests and ends after the last answer. */
  close(): void;
}

/** Totals of the client's network traffic. */
export interface Figures {
  requests: number;
  /** Bytes of the answers' bodies as received, before they are unpacked. */
  bytes: number;
  connections: number;
}

/** Counts the bytes that pass. */
export function meter(figures: Figures): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      figures.bytes += chunk.length;
      done(null, chunk);
    },
  });
}
