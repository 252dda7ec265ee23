import type { ApiClient } from '../lib/kubernetes/client.ts';
import type { Directory } from '../lib/kubernetes/directory.ts';
import {
  type KubernetesObject,
  localPod,
  nodeRecord,
  type Owner,
  podRecord,
  serviceRecord,
} from '../lib/kubernetes/records.ts';
import { type Change, reflect } from '../lib/kubernetes/reflector.ts';
import type { LocalPod, Log } from '../lib/model.ts';
import type { Troubles } from './log.ts';
import type { Observatory } from './observatory.ts';

export interface ClusterOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly wanted: (pod: LocalPod) => boolean;
  readonly directory: Directory;
  /** Undefined if the pods to observe come from elsewhere. */
  readonly observatory: Pick<Observatory, 'put' | 'remove' | 'replace'> | undefined;
  readonly signal: AbortSignal;
  readonly restarted: () => void;
  /** A resource has been listed. */
  readonly listed: (subject: string) => void;
  readonly log: Log;
  readonly troubles: Troubles;
}

/** What is listed and watched: the rights that the service account needs. */
export const RESOURCES = ['pods', 'services', 'nodes'] as const;

const OWNERS = {
  pods: ['pod', podRecord],
  services: ['service', serviceRecord],
  nodes: ['node', nodeRecord],
} as const;

/** Follows the API server: the pods of this node to the observatory, all owners to the directory. */
export async function followCluster(options: ClusterOptions): Promise<void> {
  const { directory, observatory, node } = options;
  const owners = RESOURCES.map((resource) => {
    const [kind, record] = OWNERS[resource];
    return follow(options, resource, applyTo(directory, kind, record));
  });
  const local =
    observatory &&
    follow(options, 'pods', localPods(options, observatory), `spec.nodeName=${node}`);
  await Promise.all([...owners, local]);
}

function localPods(
  options: ClusterOptions,
  observatory: NonNullable<ClusterOptions['observatory']>,
): (change: Change) => void {
  const wanted = (object: KubernetesObject) => {
    const pod = localPod(object);
    return pod && options.wanted(pod) ? pod : undefined;
  };
  return (change) => {
    if (change.type === 'replace') {
      observatory.replace(change.objects.map(wanted).filter((pod) => pod !== undefined));
      return;
    }
    const pod = change.type === 'put' ? wanted(change.object) : undefined;
    if (pod) observatory.put(pod);
    else observatory.remove(change.object.metadata?.uid ?? '');
  };
}

function applyTo(
  directory: Directory,
  kind: Owner['kind'],
  record: (object: KubernetesObject) => Owner,
): (change: Change) => void {
  return (change) => {
    if (change.type === 'replace') directory.replace(kind, change.objects.map(record));
    else if (change.type === 'put') directory.put(record(change.object));
    else directory.remove(record(change.object));
  };
}

async function follow(
  { client, signal, restarted, listed, log, troubles }: ClusterOptions,
  resource: (typeof RESOURCES)[number],
  apply: (change: Change) => void,
  fieldSelector?: string,
): Promise<void> {
  const path = `/api/v1/${resource}`;
  const subject = fieldSelector ? `${resource} with ${fieldSelector}` : resource;
  const failed = (error: unknown) => {
    restarted();
    troubles.say(subject, 'the API server cannot be followed; it is tried again', {
      resource: subject,
      error: error instanceof Error ? error.message : String(error),
    });
  };
  const selector = fieldSelector ? { fieldSelector } : {};
  for await (const change of reflect({ client, path, signal, failed, ...selector })) {
    troubles.over(subject);
    apply(change);
    if (change.type !== 'replace') continue;
    log.debug({ resource: subject, objects: change.objects.length }, 'listed');
    listed(subject);
  }
}
