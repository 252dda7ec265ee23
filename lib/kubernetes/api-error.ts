import type { IncomingHttpHeaders } from 'node:http';

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

/** The message of a Status object, or the text if it is none. */
function explain(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message);
  } catch {
    return body.trim().slice(0, 200);
  }
}

/** Retry-After is a number of seconds or a date. */
function wait(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
