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
  readonly observatory: Pick<Observatory, 'put' | 'remove' | 'replace'>;
  readonly signal: AbortSignal;
  readonly restarted: () => void;
  readonly log: Log;
  readonly troubles: Troubles;
}

/** Follows the API server: the pods of this node to the observatory, all owners to the directory. */
export async function followCluster(options: ClusterOptions): Promise<void> {
  const { directory } = options;
  await Promise.all([
    followLocalPods(options),
    follow(options, '/api/v1/pods', applyTo(directory, 'pod', podRecord)),
    follow(options, '/api/v1/services', applyTo(directory, 'service', serviceRecord)),
    follow(options, '/api/v1/nodes', applyTo(directory, 'node', nodeRecord)),
  ]);
}

function followLocalPods(options: ClusterOptions): Promise<void> {
  const { observatory, node } = options;
  const wanted = (object: KubernetesObject) => {
    const pod = localPod(object);
    return pod && options.wanted(pod) ? pod : undefined;
  };
  const apply = (change: Change) => {
    if (change.type === 'replace') {
      observatory.replace(change.objects.map(wanted).filter((pod) => pod !== undefined));
      return;
    }
    const pod = change.type === 'put' ? wanted(change.object) : undefined;
    if (pod) observatory.put(pod);
    else observatory.remove(change.object.metadata?.uid ?? '');
  };
  return follow(options, '/api/v1/pods', apply, `spec.nodeName=${node}`);
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
  { client, signal, restarted, log, troubles }: ClusterOptions,
  path: string,
  apply: (change: Change) => void,
  fieldSelector?: string,
): Promise<void> {
  const subject = fieldSelector ? `${path} ${fieldSelector}` : path;
  const failed = (error: unknown) => {
    restarted();
    troubles.say(subject, 'the API server cannot be followed; it is tried again', {
      path: subject,
      error: error instanceof Error ? error.message : String(error),
    });
  };
  const selector = fieldSelector ? { fieldSelector } : {};
  for await (const change of reflect({ client, path, signal, failed, ...selector })) {
    troubles.over(subject);
    if (change.type === 'replace') {
      log.debug({ path: subject, objects: change.objects.length }, 'listed');
    }
    apply(change);
  }
}
