import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

import { errorOf } from '../../error-of.ts';
import { isLoopback, proxyFor, type Proxies, secretsOfProxy, withoutUser } from '../../proxy.ts';
import { withoutSecrets } from '../../secrets.ts';
import { type Request, TLS, type Tls } from './transport.ts';

/** How a server is reached, and who asks it. */
export interface Access {
  /** Its URL. */
  readonly server: string;
  /** The proxy on the way to the server, without user and password, if there is one. */
  readonly via: string | undefined;
  /** What a request that is made now is sent with. */
  credentials(): Promise<Credentials>;
  /** The server has refused the credentials: those that were read may be older than their files. */
  refused(): void;
  /** A text of the server without the credentials, which it may repeat. */
  readonly clean: (text: string) => string;
}

type Credentials = Pick<Request, 'headers' | 'tls' | 'agent'>;

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

/** The number of credentials that are remembered: a watch may have been opened with earlier ones. */
const REMEMBERED = 4;

/** The API server that a kubeconfig names, or that of the cluster that this pod is in. */
export function fromKubeconfig(file: string | undefined, proxies: Proxies | undefined): Access {
  return access(() =>
    load(file ? proxies : undefined, (config) => {
      if (file) config.loadFromFile(file);
      else config.loadFromCluster();
    }),
  );
}

/**
 * The API server of a user, as kubectl finds it: by a kubeconfig, those of the environment's KUBECONFIG or ~/.kube/config,
 * and their current context or another one.
 * @throws Error that says what is wrong with them
 */
export function ofUser(
  { kubeconfig, context }: { readonly kubeconfig?: string; readonly context?: string },
  proxies: Proxies | undefined,
): Access {
  return access(() =>
    load(proxies, (config) => {
      if (kubeconfig) config.loadFromFile(kubeconfig);
      else config.loadFromDefault();
      if (context) config.setCurrentContext(context);
      const name = config.getCurrentContext();
      if (!name) throw new Error('the kubeconfig has no current context');
      if (!config.getContextObject(name)) throw new Error(`the kubeconfig has no context ${name}`);
    }),
  );
}

/** `inTheClear`: the token is sent without TLS too. */
export function fromToken(
  { url, authority, name, tokenFile }: TokenServer,
  inTheClear = false,
): Access {
  return access(() => {
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
  }, inTheClear);
}

/** `load` is called again when the credentials may be outdated. */
function access(load: () => KubeConfig, inTheClear = false): Access {
  let config: KubeConfig | undefined = load();
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const { server, proxyUrl } = cluster;
  const proxySecrets = secretsOfProxy(proxyUrl);
  let secrets: readonly string[] = [];
  const read = async () => {
    const credentials = await credentialsOf((config ??= load()), inTheClear);
    secrets = [...new Set([...secrets, ...secretsOf(credentials)])].slice(-REMEMBERED);
    return credentials;
  };
  // A plugin of a kubeconfig is asked once for all who wait.
  let reading: ReturnType<typeof read> | undefined;
  return {
    server,
    via: proxyUrl && withoutUser(proxyUrl),
    async credentials() {
      reading ??= read().finally(() => (reading = undefined));
      return reading;
    },
    refused: () => void (config = undefined),
    clean: (text) => withoutSecrets(text, [...secrets, ...proxySecrets]),
  };
}

function load(proxies: Proxies | undefined, read: (config: KubeConfig) => void): KubeConfig {
  const config = new KubeConfig();
  try {
    read(config);
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
