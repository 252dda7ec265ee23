import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { beginning } from '../../beginning.ts';
import { type Proxies, withoutUser } from '../../proxy.ts';
import { ApiError, isUnavailable } from './api-error.ts';
import { type Access, fromKubeconfig, fromToken, type TokenServer } from './access.ts';
import { http1 } from './http1.ts';
import { negotiate } from './negotiate.ts';
import { Outage } from './outage.ts';
import type { Answer, Figures } from './transport.ts';

export { ApiError } from './api-error.ts';
export type { TokenServer } from './access.ts';

export interface ApiClient {
  /** The URL of the API server, without user and password. */
  readonly server: string;
  /** The server was found by the service account of the agent's own pod. */
  readonly inCluster: boolean;
  /** The proxy on the way to the server, without user and password, if there is one. */
  readonly via?: string | undefined;
  readonly figures: Readonly<Figures>;
  /**
   * The body of a successful answer, unpacked, as it arrives. A body that breaks off, is damaged or is
   * aborted has an error of the stream. `patience`: how long the answer may take to begin, in ms, if
   * that is less than for other requests.
   * @throws ApiError, or the error of the connection
   */
  get(path: string, signal: AbortSignal, patience?: number): Promise<Readable>;
  /** Milliseconds after which a watch says at the latest that nothing has changed; undefined if it may be quiet. */
  readonly beat?: number | undefined;
  /** A list or a watch of this client has failed, after its answer had begun or before. */
  failed?(error: unknown): void;
  /** Where requests wait while the server does not answer; without it each request waits on its own. */
  readonly outage?: Pick<Outage, 'on' | 'turn'>;
  /** A text of the server without the agent's credentials, which it may repeat. */
  clean(text: string): string;
}

/** Bytes of an error's body that are read. */
const ERROR_MOST = 16 * 1024;

export interface ConnectOptions {
  /** How long an HTTP/2 connection may be idle before it is given up, in ms. */
  readonly pingEvery?: number;
  /** How long an answer may take to begin, in ms; the API server gives up after 60 s itself. */
  readonly patience?: number;
  /** The proxies of the environment, for a kubeconfig that names none. */
  readonly proxies?: Proxies;
  /** Shared by clients of servers that stand in for one another. */
  readonly outage?: Outage;
  readonly figures?: Figures;
  /** Credentials are sent without TLS too. */
  readonly inTheClear?: boolean;
}

/**
 * A client of the API server that a kubeconfig names, or of the cluster that the agent runs in. client-node
 * does credentials (token files are read again as they rotate) and TLS. Its own list and watch stop
 * for good at the first 500, and it knows no HTTP/2, so requests are made here.
 */
export function connect(kubeconfig: string | undefined, options: ConnectOptions = {}): ApiClient {
  const access = fromKubeconfig(kubeconfig, options.proxies);
  return { ...connectBy(access, options), inCluster: !kubeconfig };
}

/** A client of a server that speaks as the API server does. */
export function connectByToken(server: TokenServer, options: ConnectOptions): ApiClient {
  return connectBy(fromToken(server, options.inTheClear), options);
}

/** A client of the server that one has access to. */
export function connectBy(access: Access, options: ConnectOptions = {}): ApiClient {
  const { pingEvery = 5000, patience = 60_000, outage = new Outage() } = options;
  const { figures = { requests: 0, bytes: 0, connections: 0 } } = options;
  const { server, via, clean } = access;
  const direct = server.startsWith('https:') && !via;
  const send = direct ? negotiate(server, figures, pingEvery) : http1(server, figures).send;

  const get: ApiClient['get'] = async (path, signal) => {
    const credentials = await access.credentials();
    figures.requests += 1;
    const answer = await send({ ...credentials, path, signal });
    const { status, headers } = answer;
    if (isUnavailable(status)) outage.begin();
    else outage.over();
    const body = unpacked(answer);
    if (status >= 200 && status < 300) return body;
    // The tokens and keys that were read may be older than their files.
    if (status === 401) access.refused();
    throw new ApiError(path, status, headers, clean(await errorText(body)));
  };
  return {
    server: withoutUser(server),
    via,
    inCluster: false,
    figures,
    clean,
    outage,
    async get(path, signal, own = patience) {
      const late = new AbortController();
      const most = Math.min(patience, own);
      const reason = new Error(`GET ${path}: no answer within ${most / 1000} s`);
      let isAnswered = false;
      // After a long stop of this process, setImmediate lets what has arrived be read before.
      const giveUp = () => setImmediate(() => !isAnswered && late.abort(reason));
      const timer = setTimeout(giveUp, most);
      try {
        const body = await get(path, AbortSignal.any([signal, late.signal]));
        isAnswered = true;
        return body;
      } catch (error) {
        if (!(error instanceof ApiError) && !signal.aborted) outage.begin();
        throw late.signal.aborted && !signal.aborted ? reason : error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function errorText(body: Readable): Promise<string> {
  return Buffer.concat(await Array.fromAsync(beginning(body, ERROR_MOST))).toString();
}

function unpacked({ headers, body }: Answer): Readable {
  if (headers['content-encoding'] !== 'gzip') return body;
  return pipeline(body, createGunzip(), () => {});
}
