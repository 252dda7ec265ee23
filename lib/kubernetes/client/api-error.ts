import type { IncomingHttpHeaders } from 'node:http';
import { retryAfter } from '../../retry-after.ts';

/** Characters of an error's message that are kept. */
export const WORDS_MOST = 500;

/** The API server's answer was not a success. */
export class ApiError extends Error {
  readonly code = 'ERR_KUBERNETES_API';
  readonly status: number;
  /** How long the server asks to wait before another attempt, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(path: string, status: number, headers: IncomingHttpHeaders, body: string) {
    super(`GET ${path}: ${status} ${explain(body)}`);
    this.status = status;
    this.retryAfter = retryAfter(headers['retry-after']);
  }
}

/** The status means that the server, or a proxy in its place, cannot serve any client now. */
export function isUnavailable(status: number): boolean {
  return status === 429 || status >= 500;
}

/** The message of a Status object, or the text if it is none. */
function explain(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, WORDS_MOST);
  } catch {
    // Not a Status object: a proxy answers with a page of its own.
  }
  return body.trim().slice(0, WORDS_MOST);
}
