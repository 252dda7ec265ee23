import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { Readable } from 'node:stream';
import { HttpError, InfluxDB, setLogger } from '@influxdata/influxdb-client';
import { beginning } from '../beginning.ts';
import { secretsOfProxy } from '../proxy.ts';
import { retryAfter } from '../retry-after.ts';
import { withoutSecrets } from '../secrets.ts';

/** Where rows are written: a 2.x bucket, or a 1.x database. */
export type Target = { readonly url: string; readonly proxy?: string } & (
  | {
      readonly api: 2;
      readonly org: string;
      readonly bucket: string;
      readonly token: string | undefined;
    }
  | {
      readonly api: 1;
      readonly database: string;
      readonly retentionPolicy: string | undefined;
      readonly username: string | undefined;
      readonly password: string | undefined;
    }
);

/** InfluxDB did not take a batch. */
export class WriteError extends Error {
  readonly code = 'ERR_INFLUX_WRITE';
  /** The status of the answer; undefined if there was none. */
  readonly status: number | undefined;
  /** Milliseconds in which InfluxDB wants no request. */
  readonly retryAfter: number | undefined;
  /** The code of the connection's error, if that failed. */
  readonly connection: string | undefined;
  /** Rows that InfluxDB says are refused, when it has taken all others. */
  readonly dropped: number | undefined;

  constructor(cause: Error, secrets: readonly (string | undefined)[] = []) {
    // The answer is not kept as the cause: it may repeat the agent's credentials.
    super(withoutSecrets(reason(cause), secrets).slice(0, WORDS_MOST));
    const http = cause instanceof HttpError ? cause : undefined;
    this.status = http?.statusCode;
    // The client reads the header itself, but as milliseconds.
    this.retryAfter = http && retryAfter(http.headers?.['retry-after']);
    this.connection = http ? undefined : codeOf(cause);
    this.dropped = dropped(this.message) ?? invalidLines(http?.json)?.length;
  }
}

/** Codes of a server that is not there yet: no address, no listener, no answer. */
const ABSENT =
  /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT)$/;

/** InfluxDB, or what is in front of it, may be starting: it does not answer, or is not ready. */
export function mayBeStarting(error: Error): boolean {
  if (!(error instanceof WriteError)) return false;
  const { status, connection } = error;
  if (status !== undefined) return status >= 502 && status <= 504;
  return connection === undefined || ABSENT.test(connection);
}

/**
 * Writes rows in line protocol, with a line feed between two, and timestamps in seconds.
 * @throws WriteError, in which case none, some or all of them may have been taken
 */
export type Write = (rows: string) => Promise<void>;

/** Milliseconds that a write may take, from the first byte of the request to the last byte of the answer. */
const PATIENCE = 10_000;
/** Bytes of an answer that are read. */
const ANSWER_MOST = 1024 * 1024;
/** Characters of InfluxDB's message that are kept. */
const WORDS_MOST = 1000;

/**
 * A writer with the official client. The client's own queue and retries are turned off: they drop a
 * batch for good after any status below 429, and everything after three minutes. The client's time-out
 * starts anew with each byte, and the client keeps all of an answer: both are bounded here.
 */
export function writer(target: Target, patience = PATIENCE): Write {
  // The client's errors arrive as rejections; on the console they would appear twice.
  setLogger({ error() {}, warn() {} });
  const { url, proxy } = target;
  const secure = url.startsWith('https:');
  const Agent = secure ? HttpsAgent : HttpAgent;
  const proxyEnv = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  const request = bounded(secure ? httpsRequest : httpRequest, patience);
  const influx = new InfluxDB({
    url,
    timeout: 0,
    headers: { ...headers(target), 'accept-encoding': 'identity' },
    transportOptions: {
      agent: new Agent({ keepAlive: true, proxyEnv }),
      // The only option by which the client takes a function that makes the request.
      'follow-redirects': { http: { request }, https: { request } },
    },
  });
  return async (rows) => {
    const api = influx.getWriteApi('', '', 's', {
      maxRetries: 0,
      flushInterval: 0,
      batchSize: 2,
      maxBatchBytes: Number.MAX_SAFE_INTEGER,
    });
    api.path = writePath(target);
    try {
      // As one record: the client would count the bytes of each line anew.
      api.writeRecord(rows);
      await api.flush();
    } catch (cause) {
      const error = cause as Error;
      const isLate = error.name === 'AbortError' || error.name === 'TimeoutError';
      const why = isLate ? new Error(`no whole answer within ${patience / 1000} s`) : error;
      throw new WriteError(why, secretsOf(target));
    }
  };
}

/** Makes requests that end after a time, with answers of which the client sees the beginning, as JSON, not packed. */
function bounded(request: typeof httpRequest, patience: number) {
  return (options: RequestOptions, callback: (answer: Readable) => void) => {
    const signal = AbortSignal.timeout(patience);
    let isAnswered = false;
    const outgoing = request({ ...options, signal }, (answer) => {
      isAnswered = true;
      const { statusCode, statusMessage, headers } = answer;
      // Of any other type the client keeps a thousand characters, which may cut a list of InfluxDB 3.
      const seen = { ...headers, 'content-encoding': '', 'content-type': 'application/json' };
      const body = Readable.from(untilTimeout(beginning(answer, ANSWER_MOST), signal));
      callback(Object.assign(body, { statusCode, statusMessage, headers: seen }));
    });
    // Node has no error for a server that switches to another protocol without being asked.
    return outgoing.on('close', () => {
      if (!isAnswered) outgoing.emit('error', new Error('the connection was closed unanswered'));
    });
  };
}

/** An answer that is broken off by the signal ends with the signal's reason. */
async function* untilTimeout(
  pieces: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Path and query of the write endpoint. */
export function writePath(target: Target): string {
  if (target.api === 2) {
    const { org, bucket } = target;
    return `/api/v2/write?${new URLSearchParams({ org, bucket, precision: 's' })}`;
  }
  const { database, retentionPolicy } = target;
  const query = { db: database, ...(retentionPolicy && { rp: retentionPolicy }), precision: 's' };
  return `/write?${new URLSearchParams(query)}`;
}

function headers(target: Target): { authorization?: string } {
  if (target.api === 2) return target.token ? { authorization: `Token ${target.token}` } : {};
  if (target.username === undefined) return {};
  const credentials = Buffer.from(`${target.username}:${target.password ?? ''}`);
  return { authorization: `Basic ${credentials.toString('base64')}` };
}

/** The credentials in all forms in which they are sent. */
function secretsOf(target: Target): (string | undefined)[] {
  const proxySecrets = secretsOfProxy(target.proxy);
  if (target.api === 2) return [target.token, ...proxySecrets];
  const { authorization } = headers(target);
  return [target.password, authorization?.replace('Basic ', ''), ...proxySecrets];
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function reason(error: Error): string {
  // Node has no message of its own for several addresses that were tried.
  if (error instanceof AggregateError && !error.message)
    return error.errors.map((each) => (each as Error).message).join('; ');
  if (!(error instanceof HttpError)) return error.message || codeOf(error) || String(error);
  // 1.x says `error`, 2.x says `message`, 3 says `error` and what is wrong with each line.
  const answer = (error.json ?? {}) as { readonly error?: unknown; readonly message?: unknown };
  const words = [answer.error, answer.message, error.body, error.statusMessage].find(
    (each) => typeof each === 'string',
  );
  const [line] = invalidLines(error.json) ?? [];
  return `${error.statusCode} ${words ?? ''}${line === undefined ? '' : `: ${line}`}`;
}

/** InfluxDB 3's message for each line that it refuses, when it has taken all others. */
function invalidLines(json: unknown): string[] | undefined {
  const { error, data } = (json ?? {}) as { readonly error?: unknown; readonly data?: unknown };
  if (typeof error !== 'string' || !/^partial write\b/.test(error)) return undefined;
  if (!Array.isArray(data) || data.length === 0) return undefined;
  return data.map((line: { error_message?: unknown } | null) => String(line?.error_message));
}

/**
 * 1.x and 2.x: `partial write: max-series-per-database limit exceeded: (1000000) dropped=3`. Lines
 * that cannot be parsed are not in that number.
 */
function dropped(message: string): number | undefined {
  const [, count] = /partial write: (?!unable to parse).* dropped=(\d+)/s.exec(message) ?? [];
  return Number(count) > 0 ? Number(count) : undefined;
}
