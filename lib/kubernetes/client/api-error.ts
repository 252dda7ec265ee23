import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** Of what is said with an error no more is read, in bytes. */
const BODY_MOST = 16 * 1024;
/** And no more told, in characters. */
const WORDS_MOST = 500;
/** Longer than this no server is left alone, in milliseconds; timers have a limit, too. */
const RETRY_AFTER_MOST = 300_000;

/** The API server's answer was not a success. */
export class ApiError extends Error {
  readonly code = 'ERR_KUBERNETES_API';
  readonly status: number;
  /** What it asked us to wait before trying again, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(path: string, status: number, headers: IncomingHttpHeaders, body: string) {
    super(`GET ${path}: ${status} ${explain(body)}`);
    this.status = status;
    this.retryAfter = wait(headers['retry-after']);
  }
}

/** What says that the server cannot serve anybody now: what a proxy says in its place, too. */
export function isUnavailable(status: number): boolean {
  return status === 429 || status >= 500;
}

/** The message of a Status object, or the text if it is none. */
function explain(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, WORDS_MOST);
  } catch {
    // It is no Status object; a proxy answers with a page of its own.
  }
  return body.trim().slice(0, WORDS_MOST);
}

/** Retry-After is a number of seconds or a date. */
function wait(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(RETRY_AFTER_MOST, Math.max(0, wait));
}

/** The beginning of an answer's body; the rest is not waited for. */
export async function beginning(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size >= BODY_MOST) break;
  }
  return Buffer.concat(pieces).toString('utf8', 0, BODY_MOST);
}
