import { type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent, type RequestOptions, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';

/** The API server's answer was not a success. */
export class ApiError extends Error {
  readonly code = 'ERR_KUBERNETES_API';
  readonly status: number;
  /** What it asked us to wait before trying again, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(path: string, status: number, body: string, retryAfter: number | undefined) {
    super(`GET ${path}: ${status} ${explain(body)}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export interface ApiClient {
  readonly server: string;
  /**
   * The body of a successful answer, as it arrives.
   * @throws ApiError, or the error of the connection
   */
  get(path: string, signal: AbortSignal): Promise<Readable>;
  readonly figures: { readonly requests: number; readonly bytes: number };
}

/**
 * A client of the API server that a kubeconfig names, or of the cluster that we run in. client-node
 * does credentials (token files are read again as they rotate) and TLS. Its own list and watch stop
 * for good at the first 500, so requests are made here.
 */
export function connect(kubeconfig: string | undefined): ApiClient {
  const config = new KubeConfig();
  if (kubeconfig) config.loadFromFile(kubeconfig);
  else config.loadFromCluster();
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`KUBECONFIG ${kubeconfig}: it has no current cluster`);

  const { server } = cluster;
  let agent: Agent | undefined;
  return {
    server,
    figures: { requests: 0, bytes: 0 },
    async get(path, signal) {
      const options: RequestOptions = { headers: { accept: 'application/json' } };
      await config.applyToHTTPSOptions(options);
      // client-node's agent closes the connection after each request; ours keeps it.
      if (!cluster.proxyUrl && server.startsWith('https:')) {
        const { ca, cert, key, servername, rejectUnauthorized } = options;
        agent ??= new Agent({
          keepAlive: true,
          ...withoutUndefined({ ca, cert, key, servername, rejectUnauthorized }),
        });
        options.agent = agent;
      }
      const request = server.startsWith('https:') ? httpsRequest : httpRequest;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request(server + path, { ...options, signal }, resolve)
          .on('error', reject)
          .end();
      });
      const { statusCode = 0, headers } = response;
      if (statusCode >= 200 && statusCode < 300) return response;
      const seconds = Number(headers['retry-after']);
      const wait = Number.isFinite(seconds) ? seconds * 1000 : undefined;
      throw new ApiError(path, statusCode, await text(response), wait);
    },
  };
}

/** The message of a Status object, or the text if it is none. */
function explain(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message);
  } catch {
    return body.trim().slice(0, 200);
  }
}

function withoutUndefined<T extends object>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
