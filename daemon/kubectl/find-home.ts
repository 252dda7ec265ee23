import { ApiError, type ApiClient } from '../../lib/kubernetes/client/client.ts';
import { readList } from '../../lib/kubernetes/list.ts';
import { ClusterError, explained, podsPath } from './follow-pods.ts';

/** What the pods of the DaemonSet are labelled with. */
export const AGENTS = 'app.kubernetes.io/name=nstats,app.kubernetes.io/component=agent';
const USUAL = 'nstats';
const FIX = 'fix: say with --nstats-namespace where nstats is';

/**
 * The namespace that nstats is in: the usual one, or the only one with its pods.
 * @throws ClusterError that says what to do
 */
export async function findHome(client: ApiClient, signal: AbortSignal): Promise<string> {
  const usual = await namespacesWithAgents(client, USUAL, signal);
  if (usual?.includes(USUAL)) return USUAL;
  const all = await namespacesWithAgents(client, undefined, signal);
  if (all === undefined) {
    const here = usual ? 'there is no nstats in' : 'you may not list pods of';
    throw new ClusterError(
      `${here} namespace ${USUAL}, and you may not list pods of all namespaces; ${FIX}`,
    );
  }
  const [first, ...others] = all;
  if (first === undefined) throw new ClusterError('there is no pod of nstats in this cluster');
  if (others.length > 0) throw new ClusterError(`nstats is in ${all.join(' and ')}; ${FIX}`);
  return first;
}

/** Undefined if the user may not know. */
async function namespacesWithAgents(
  client: ApiClient,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const query = new URLSearchParams({ labelSelector: AGENTS, resourceVersion: '0' });
  const found = new Set<string>();
  try {
    const body = await client.get(`${podsPath(namespace)}?${query}`, signal);
    await readList(body, ({ metadata }) => void found.add(metadata?.namespace ?? ''));
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw explained(error, client, 'list', namespace);
  }
  return [...found].toSorted();
}
