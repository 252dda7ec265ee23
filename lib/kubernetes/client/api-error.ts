import type { IncomingHttpHeaders } from 'node:http';
import { retryAfter } from '../../retry-after.ts';

/** Of the words of an error no more is kept, in characters. */
const WORDS_MOST = 500;

/** The API server's answer was not a success. */
export class ApiError extends Error {
  readonly code = 'ERR_KUBERNETES_API';
  readonly status: number;
  /** What it asked us to wait before trying again, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(path: string, status: number, headers: IncomingHttpHeaders, body: string) {
    super(`GET ${path}: ${status} ${explain(body)}`);
    this.status = status;
    this.retryAfter = retryAfter(headers['retry-after']);
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
