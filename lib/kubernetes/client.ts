import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KubeConfig } from '@kubernetes/client-node';

import { withoutSecrets } from '../secrets.ts';
import { ApiError, beginning } from './api-error.ts';
import { http1 } from './http1.ts';
import { negotiate } from './negotiate.ts';
import type { Answer, Figures, Request } from './transport.ts';

export { ApiError } from './api-error.ts';

export interface ApiClient {
  /** Its URL, without a user and password that may be in it. */
  readonly server: string;
  readonly figures: Readonly<Figures>;
  /**
   * The body of a successful answer, unpacked, as it arrives. That it breaks off, is damaged or is
   * aborted is an error of the stream.
   * @throws ApiError, or the error of the connection
   */
  get(path: string, signal: AbortSignal): Promise<Readable>;
  /** What the server has said, without credentials of ours that it says back. */
  clean(text: string): string;
}

/** So many credentials are remembered: a watch may be older than those that are used now. */
const REMEMBERED = 4;

export interface ConnectOptions {
  /** How long an HTTP/2 connection may be silent before it is given up, in ms. */
  readonly pingEvery?: number;
  /** How long an answer may take to begin, in ms; the API server gives up after 60 s itself. */
  readonly patience?: number;
}

/**
 * A client of the API server that a kubeconfig names, or of the cluster that we run in. client-node
 * does credentials (token files are read again as they rotate) and TLS. Its own list and watch stop
 * for good at the first 500, and it knows no HTTP/2, so requests are made here.
 */
export function connect(
  kubeconfig: string | undefined,
  { pingEvery = 5000, patience = 60_000 }: ConnectOptions = {},
): ApiClient {
  let config: KubeConfig | undefined = load(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`KUBECONFIG ${kubeconfig}: it has no current cluster`);

  const { server, proxyUrl } = cluster;
  const figures: Figures = { requests: 0, bytes: 0, connections: 0 };
  const direct = server.startsWith('https:') && !proxyUrl;
  const send = direct ? negotiate(server, figures, pingEvery) : http1(server, figures).send;

  let secrets: readonly string[] = [];
  const clean: ApiClient['clean'] = (text) => withoutSecrets(text, secrets);
  const get: ApiClient['get'] = async (path, signal) => {
    const credentials = await credentialsOf((config ??= load(kubeconfig)));
    secrets = [...new Set([...secrets, ...secretsOf(credentials)])].slice(-REMEMBERED);
    figures.requests += 1;
    const answer = await send({ ...credentials, path, signal });
    const { status, headers } = answer;
    const body = unpacked(answer);
    if (status >= 200 && status < 300) return body;
    // What was read of tokens and keys may be older than their files.
    if (status === 401) config = undefined;
    throw new ApiError(path, status, headers, clean(await beginning(body)));
  };
  return {
    server: server.replace(/^(\w+:\/\/)[^/]*@/, '$1'),
    figures,
    clean,
    async get(path, signal) {
      const late = new AbortController();
      const reason = new Error(`GET ${path}: no answer within ${patience / 1000} s`);
      const timer = setTimeout(() => late.abort(reason), patience);
      try {
        return await get(path, AbortSignal.any([signal, late.signal]));
      } catch (error) {
        throw late.signal.aborted && !signal.aborted ? reason : error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig);
    else config.loadFromCluster();
  } catch (error) {
    // What a parser of YAML says shows, on further lines, the text around: there may be a token in it.
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    // oxlint-disable-next-line preserve-caught-error -- for the same reason
    throw new Error(first);
  }
  return config;
}

type Credentials = Pick<Request, 'headers' | 'tls' | 'agent'>;

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const wanted: OutgoingHttpHeaders = { accept: 'application/json', 'accept-encoding': 'gzip' };
  const options: RequestOptions = { headers: wanted };
  await config.applyToHTTPSOptions(options);
  const { auth, agent, ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
  if (auth) wanted['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
  // client-node's own agent closes the connection after each request: it is for proxies only.
  const proxy = config.getCurrentCluster()?.proxyUrl && typeof agent === 'object';
  return { headers: wanted, tls: withoutUndefined(tls), ...(proxy && { agent }) };
}

function secretsOf({ headers }: Credentials): string[] {
  return Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => (value as string).replace(/^\S+ /, ''));
}

function unpacked({ headers, body }: Answer): Readable {
  if (headers['content-encoding'] !== 'gzip') return body;
  return pipeline(body, createGunzip(), () => {});
}

function withoutUndefined<T extends object>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
