/** A failure as the API server says it. */
export interface Failure {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  /** Seconds until the client may ask again. */
  readonly retryAfter?: number;
}

export function badRequest(message: string): Failure {
  return { code: 400, reason: 'BadRequest', message };
}

export function notFound(): Failure {
  return {
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  };
}

/** The relay does not know itself what there is. */
export function unavailable(resource: string): Failure {
  const message = `the relay does not follow ${resource} at the moment`;
  return { code: 503, reason: 'ServiceUnavailable', message, retryAfter: 1 };
}

/** The version is one that the relay has not heard of yet. */
export function tooLarge(asked: number, current: number): Failure {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return { code: 504, reason: 'Timeout', message, retryAfter: 1 };
}

/** Changes after the version are forgotten. */
export function expired(asked: number, oldest: number): Failure {
  return {
    code: 410,
    reason: 'Expired',
    message: `too old resource version: ${asked} (${oldest})`,
  };
}

export function statusOf({ code, reason, message, retryAfter }: Failure): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(retryAfter && { details: { retryAfterSeconds: retryAfter } }),
    code,
  };
}
