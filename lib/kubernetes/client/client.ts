import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { KubeConfig } from '@kubernetes/client-node';

import { errorOf } from '../../error-of.ts';
import { beginning } from '../../beginning.ts';
import { isLoopback, proxyFor, type Proxies, secretsOfProxy, withoutUser } from '../../proxy.ts';
import { withoutSecrets } from '../../secrets.ts';
import { ApiError, isUnavailable } from './api-error.ts';
import { http1 } from './http1.ts';
import { negotiate } from './negotiate.ts';
import { Outage } from './outage.ts';
import { type Answer, type Figures, type Request, TLS, type Tls } from './transport.ts';

export { ApiError } from './api-error.ts';

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

/** The number of credentials that are remembered: a watch may have been opened with earlier ones. */
const REMEMBERED = 4;

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
  const client = connectWith(() => load(kubeconfig, options.proxies), options);
  return { ...client, inCluster: !kubeconfig };
}

/** A server that lets in who has a token. */
export interface TokenServer {
  readonly url: string;
  /** PEM file of the authority of its certificate; undefined for the public ones. */
  readonly authority: string | undefined;
  /** The name in its certificate, if that is not the host of the URL. */
  readonly name: string | undefined;
  /** Read again as the token rotates. */
  readonly tokenFile: string;
}

/** A client of a server that speaks as the API server does. */
export function connectByToken(
  { url, authority, name, tokenFile }: TokenServer,
  options: ConnectOptions,
): ApiClient {
  const load = () => {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [
        {
          name: 'server',
          server: url,
          skipTLSVerify: url.startsWith('http:'),
          ...(authority && { caFile: authority }),
          ...(name && { tlsServerName: name }),
        },
      ],
      users: [{ name: 'agent', authProvider: { name: 'tokenFile', config: { tokenFile } } }],
      contexts: [{ name: 'server', cluster: 'server', user: 'agent' }],
      currentContext: 'server',
    });
    return config;
  };
  return connectWith(load, options);
}

/** `load` is called again when the credentials may be outdated. */
function connectWith(load: () => KubeConfig, options: ConnectOptions = {}): ApiClient {
  const {
    pingEvery = 5000,
    patience = 60_000,
    outage = new Outage(),
    inTheClear = false,
  } = options;
  let config: KubeConfig | undefined = load();
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');

  const { server, proxyUrl } = cluster;
  const { figures = { requests: 0, bytes: 0, connections: 0 } } = options;
  const direct = server.startsWith('https:') && !proxyUrl;
  const send = direct ? negotiate(server, figures, pingEvery) : http1(server, figures).send;

  let secrets: readonly string[] = [];
  const proxySecrets = secretsOfProxy(proxyUrl);
  const clean: ApiClient['clean'] = (text) => withoutSecrets(text, [...secrets, ...proxySecrets]);
  const get: ApiClient['get'] = async (path, signal) => {
    const credentials = await credentialsOf((config ??= load()), inTheClear);
    secrets = [...new Set([...secrets, ...secretsOf(credentials)])].slice(-REMEMBERED);
    figures.requests += 1;
    const answer = await send({ ...credentials, path, signal });
    const { status, headers } = answer;
    if (isUnavailable(status)) outage.begin();
    else outage.over();
    const body = unpacked(answer);
    if (status >= 200 && status < 300) return body;
    // The tokens and keys that were read may be older than their files.
    if (status === 401) config = undefined;
    throw new ApiError(path, status, headers, clean(await errorText(body)));
  };
  return {
    server: withoutUser(server),
    via: proxyUrl && withoutUser(proxyUrl),
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

function load(kubeconfig: string | undefined, proxies: Proxies | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (!kubeconfig) {
      config.loadFromCluster();
      return config;
    }
    config.loadFromFile(kubeconfig);
  } catch (error) {
    // The further lines of a YAML parser's message quote the file, which may have a token in it.
    const [first = ''] = errorOf(error).message.split('\n');
    // oxlint-disable-next-line preserve-caught-error -- for the same reason
    throw new Error(first);
  }
  const clusters = config.clusters.map((cluster) => {
    const { server, proxyUrl = proxies && URL.canParse(server) && proxyFor(server, proxies) } =
      cluster;
    // client-node takes an http: URL only if there is no certificate to verify.
    const plain = server.startsWith('http:') && { skipTLSVerify: true };
    return { ...cluster, ...plain, ...(proxyUrl && { proxyUrl }) };
  });
  config.clusters = clusters;
  return config;
}

type Credentials = Pick<Request, 'headers' | 'tls' | 'agent'>;

async function credentialsOf(config: KubeConfig, inTheClear: boolean): Promise<Credentials> {
  const plain = { accept: 'application/json', 'accept-encoding': 'gzip' };
  const wanted: OutgoingHttpHeaders = { ...plain };
  const options: RequestOptions = { headers: wanted };
  await config.applyToHTTPSOptions(options);
  const { auth, agent } = options;
  const { server = '', proxyUrl } = config.getCurrentCluster() ?? {};
  const proxy = proxyUrl && typeof agent === 'object';
  // kubectl sends no credentials without TLS. Those that go to this machine's own loopback do not leave it.
  if (!inTheClear && isInTheClear(server))
    return { headers: plain, tls: {}, ...(proxy && { agent }) };
  if (auth) wanted['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  const tls: Tls = Object.fromEntries(
    TLS.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined),
  );
  // client-node's own agent closes the connection after each request: it is for proxies only.
  return { headers: wanted, tls, ...(proxy && { agent }) };
}

function isInTheClear(server: string): boolean {
  const { protocol, hostname = '' } = URL.parse(server) ?? {};
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''));
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
