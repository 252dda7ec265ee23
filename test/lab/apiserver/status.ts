/** A whole response, before the headers that all of them share. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly reason?: string;
  readonly details?: { readonly retryAfterSeconds?: number; readonly [field: string]: unknown };
}

/** Thrown where a request turns out to be one that cannot be served. */
export class Refused extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The Status object of a failure, its fields in the order of the API server. */
export function statusOf({ code, message, reason, details }: Failure): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
}

export function failed(failure: Failure): Answer {
  const retry = failure.details?.retryAfterSeconds;
  return {
    ...json(failure.code, statusOf(failure)),
    headers: {
      ...(retry === undefined ? {} : { 'Retry-After': String(retry) }),
      ...(failure.code === 403 ? { 'X-Content-Type-Options': 'nosniff' } : {}),
    },
  };
}

export function json(status: number, value: object): Answer {
  return { status, body: `${JSON.stringify(value)}\n` };
}

export const unauthorized: Failure = {
  code: 401,
  message: 'Unauthorized',
  reason: 'Unauthorized',
};

export const noSuchResource: Failure = {
  code: 404,
  message: 'the server could not find the requested resource',
  reason: 'NotFound',
  details: {},
};

export function badRequest(message: string): Failure {
  return { code: 400, message, reason: 'BadRequest' };
}

export function expired(message: string): Failure {
  return { code: 410, message, reason: 'Expired' };
}

export function tooLargeResourceVersion(version: number, current: number): Failure {
  return {
    code: 504,
    message: `Timeout: Too large resource version: ${version}, current: ${current}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  };
}
