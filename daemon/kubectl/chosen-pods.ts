import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import type { Change } from '../../lib/kubernetes/reflector.ts';
import { workloadOf } from '../../lib/kubernetes/workload/workload.ts';
import type { IsWanted } from '../../lib/top/live-reader.ts';
import { ClusterError, followPods } from './follow-pods.ts';
import type { Choice } from './options.ts';

/** Where a pod is that may be one of those asked for. */
interface Place {
  readonly uid: string;
  /** Empty for a pod that is not asked for, or not there. */
  readonly node: string;
}

interface Choosing {
  readonly client: ApiClient;
  readonly choice: Choice;
  /** Is told the nodes of the chosen pods, now and whenever they are others. */
  readonly choose: (wanted: (node: string) => boolean) => void;
  readonly signal: AbortSignal;
}

/**
 * Follows the chosen pods from node to node, until the signal is aborted. Resolves when they have been found.
 * @throws ClusterError if there are none, or the user may not know
 */
export async function followChosen({ client, choice, choose, signal }: Choosing): Promise<void> {
  const { node, namespace, workload, pod } = choice;
  const isWanted = (each: string) => node === undefined || each === node;
  if (namespace === undefined) return choose(isWanted);
  const places = new Map<string, string>();
  const apply = (change: Change<Place>) => {
    if (change.type === 'replace') places.clear();
    const changed = change.type === 'replace' ? change.objects : [change.object];
    for (const each of changed)
      if (change.type === 'remove' || each.node === '') places.delete(each.uid);
      else places.set(each.uid, each.node);
    const nodes = new Set(places.values());
    choose((each) => nodes.has(each) && isWanted(each));
  };
  const project = (object: KubernetesObject): Place => ({
    uid: object.metadata?.uid ?? '',
    node:
      hasEnded(object) || (workload !== undefined && workloadOf(object) !== workload)
        ? ''
        : (object.spec?.nodeName ?? ''),
  });
  const fieldSelector = pod && `metadata.name=${pod}`;
  try {
    await followPods({
      client,
      namespace,
      ...(fieldSelector && { fieldSelector }),
      project,
      apply,
      signal,
    });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const fix = 'to find their nodes; fix: leave the option out, and use --filter';
    throw new ClusterError(`${error.message} ${fix}`, { cause: error });
  }
  if (places.size === 0) throw new ClusterError(`there is no ${words(choice)}`);
}

function hasEnded({ status }: KubernetesObject): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function words({ namespace, workload, pod }: Choice): string {
  const what = pod ? `pod ${pod}` : workload ? `pod of ${workload}` : 'pod';
  return `${what} in namespace ${namespace}`;
}

/** Undefined: all pods of the agents that are asked. */
export function isWanted({ namespace, workload, pod }: Choice): IsWanted | undefined {
  if (namespace === undefined) return undefined;
  return (each) =>
    each.namespace === namespace &&
    (workload === undefined || each.workload === workload) &&
    (pod === undefined || each.pod === pod);
}
