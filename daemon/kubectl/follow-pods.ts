import { errorOf } from '../../lib/error-of.ts';
import { ApiError, type ApiClient } from '../../lib/kubernetes/client/client.ts';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import { type Change, reflect } from '../../lib/kubernetes/reflector.ts';
import { connectionFault } from '../check/connection.ts';

/** A user is not allowed what this needs, or something is not there; the message says what to do. */
export class ClusterError extends Error {
  readonly code = 'ERR_CLUSTER';
}

/** The API server, and where a user says how it is reached. */
const API_SERVER = {
  name: 'the API server',
  address: 'the kubeconfig',
  authority: "set certificate-authority in the kubeconfig to the cluster's authority",
  otherName: 'tls-server-name there',
  identity: 'set client-certificate and client-key in the kubeconfig',
  proxy: 'proxy-url of the kubeconfig, or HTTPS_PROXY and NO_PROXY',
};

interface Following<T> {
  readonly client: ApiClient;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly project: (object: KubernetesObject) => T;
  readonly apply: (change: Change<T>) => void;
  readonly signal: AbortSignal;
}

/**
 * Follows pods until the signal is aborted. Resolves when all have been listed and changes to them are heard of.
 * @throws ClusterError if that does not succeed at once; later failures are tried again for ever
 */
export async function followPods<T>({
  client,
  namespace,
  apply,
  signal,
  ...options
}: Following<T>): Promise<void> {
  const started = Promise.withResolvers<void>();
  const over = new AbortController();
  const run = async () => {
    const changes = reflect({
      ...options,
      client,
      path: podsPath(namespace),
      signal: AbortSignal.any([signal, over.signal]),
      following: (yes) => {
        if (yes) started.resolve();
      },
      failed: (error) => started.reject(explained(error, client, 'list and watch', namespace)),
    });
    for await (const change of changes) apply(change);
    started.resolve();
  };
  run().catch((error: unknown) => started.reject(error));
  try {
    await started.promise;
  } catch (error) {
    over.abort();
    throw error;
  }
}

export function podsPath(namespace: string | undefined): string {
  return namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
}

/** A failure to read pods, as something that a user can do something about. */
export function explained(
  error: unknown,
  { server: url, via }: ApiClient,
  verbs: string,
  namespace: string | undefined,
): Error {
  const cause = errorOf(error);
  const where = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
  if (cause instanceof ApiError)
    return cause.status === 403
      ? new ClusterError(`you may not ${verbs} pods of ${where}`, { cause })
      : new ClusterError(cause.message, { cause });
  const fault = connectionFault(cause, { ...API_SERVER, url, ...(via && { via }) });
  return fault ? new ClusterError(`${fault.what}; fix: ${fault.fix}`, { cause }) : cause;
}
