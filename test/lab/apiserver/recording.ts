import { readFileSync } from 'node:fs';

import type { StoredObject } from './object.ts';

/** A response, from its raw bytes. */
export interface Recorded {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The chunks of the body, one where it is not chunked. */
  readonly chunks: readonly string[];
  /** Whether the final zero chunk or the announced length was reached. */
  readonly complete: boolean;
}

const directory = new URL('../../fixtures/kubernetes/', import.meta.url);

/** What was asked: `watch/no-rv` is test/fixtures/kubernetes/watch/no-rv.req. */
export function request(name: string): string {
  return readFileSync(new URL(`${name}.req`, directory), 'utf8');
}

export function recorded(name: string): Recorded {
  return parseResponse(readFileSync(new URL(`${name}.resp`, directory)));
}

/** The body of a list. */
export interface List {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly StoredObject[];
}

export function listOf({ chunks }: Recorded): List {
  return JSON.parse(chunks.join(''));
}

export interface WatchEvent {
  readonly type: string;
  readonly object: StoredObject;
}

/** The events of a watch: a chunk each. */
export function eventsOf({ chunks }: Recorded): WatchEvent[] {
  return chunks.map((chunk): WatchEvent => JSON.parse(chunk));
}

/** Status, headers and completeness, without what differs between any two requests. */
export function headOf({ status, headers, complete }: Recorded): object {
  const any = /^(Audit-Id|Date|X-Kubernetes-Pf-.*-Uid)$/;
  const entries = [...headers].map(([name, value]) => [name, any.test(name) ? 'any' : value]);
  return { status, complete, headers: Object.fromEntries(entries) };
}

export function parseResponse(bytes: Buffer): Recorded {
  const end = bytes.indexOf('\r\n\r\n');
  const [line = '', ...fields] = bytes.toString('latin1', 0, Math.max(end, 0)).split('\r\n');
  const headers = new Map(
    fields.map((field): [string, string] => {
      const [name = '', ...value] = field.split(': ');
      return [name, value.join(': ')];
    }),
  );
  const body = bytes.subarray(end + 4);
  const status = Number(line.split(' ')[1] ?? 0);
  const length = headers.get('Content-Length');
  const encoding = headers.has('Content-Encoding') ? 'latin1' : 'utf8';
  return length === undefined
    ? { status, headers, ...parseChunks(body, encoding) }
    : {
        status,
        headers,
        chunks: [body.toString(encoding)],
        complete: body.length >= Number(length),
      };
}

/** What is compressed is kept byte for byte as latin1. */
function parseChunks(
  body: Buffer,
  encoding: 'latin1' | 'utf8',
): Pick<Recorded, 'chunks' | 'complete'> {
  const chunks: string[] = [];
  for (let at = 0; ; ) {
    const line = body.indexOf('\r\n', at);
    const length = line < 0 ? Number.NaN : Number.parseInt(body.toString('latin1', at, line), 16);
    if (length === 0) return { chunks, complete: true };
    if (!(line + 2 + length + 2 <= body.length)) return { chunks, complete: false };
    chunks.push(body.toString(encoding, line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}
