import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../lib/kubernetes/client.ts';
import type { Directory } from '../lib/kubernetes/directory.ts';
import {
  cgroupUid,
  type KubernetesObject,
  localPod,
  nodeRecord,
  type Owner,
  podRecord,
  serviceRecord,
} from '../lib/kubernetes/records.ts';
import { type Change, reflect } from '../lib/kubernetes/reflector.ts';
import { startDelay } from '../lib/kubernetes/start-delay.ts';
import type { LocalPod, Log } from '../lib/model.ts';
import type { Troubles } from './log.ts';
import type { Observatory } from './observatory.ts';
import type { Sync } from './sync.ts';

export interface ClusterOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly wanted: (pod: LocalPod) => boolean;
  readonly directory: Directory;
  /** Undefined if the pods to observe come from elsewhere. */
  readonly observatory: Pick<Observatory, 'put' | 'remove' | 'replace'> | undefined;
  readonly sync: Sync;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly troubles: Troubles;
}

/** What is listed and watched: the rights that the service account needs. */
export const RESOURCES = ['pods', 'services', 'nodes'] as const;
type Resource = (typeof RESOURCES)[number];

/** The pods of this node are followed apart: they are few, and are to be found at once. */
export function localSubject(node: string): string {
  return `pods of ${node}`;
}

const OWNERS = {
  pods: ['pod', podRecord],
  services: ['service', serviceRecord],
  nodes: ['node', nodeRecord],
} as const;

/** Follows the API server: the pods of this node to the observatory, all owners to the directory. */
export async function followCluster(options: ClusterOptions): Promise<void> {
  const { client, directory, observatory, signal, log } = options;
  const local = observatory && followLocal(options, observatory);
  const delay = await startDelay(client, signal);
  log.debug({ delay }, 'the cluster is listed after a random delay');
  await sleep(delay, undefined, { signal }).catch(() => {});
  const owners = RESOURCES.map((resource) => {
    const [kind, project] = OWNERS[resource];
    const apply = applyTo(directory, kind);
    return follow(options, { subject: resource, resource, selector: {}, project, apply });
  });
  await Promise.all([...owners, local]);
}

function followLocal(
  options: ClusterOptions,
  observatory: NonNullable<ClusterOptions['observatory']>,
): Promise<void> {
  const { node, wanted } = options;
  const project = (object: KubernetesObject) => {
    const pod = localPod(object);
    return { cgroupUid: cgroupUid(object), pod: pod && wanted(pod) ? pod : undefined };
  };
  return follow(options, {
    subject: localSubject(node),
    resource: 'pods',
    selector: { fieldSelector: `spec.nodeName=${node}` },
    project,
    apply(change) {
      if (change.type === 'replace') observatory.replace(change.objects);
      else if (change.type === 'put' && change.object.pod) observatory.put(change.object.pod);
      else observatory.remove(change.object.cgroupUid);
    },
  });
}

function applyTo(directory: Directory, kind: Owner['kind']): (change: Change<Owner>) => void {
  return (change) => {
    const now = Date.now();
    if (change.type === 'replace') directory.replace(kind, change.objects, now);
    else if (change.type === 'put') directory.put(change.object, now);
    else directory.remove(change.object, now);
  };
}

interface Followed<T> {
  /** What it is called in logs and probes. */
  readonly subject: string;
  readonly resource: Resource;
  readonly selector: { readonly fieldSelector?: string };
  readonly project: (object: KubernetesObject) => T;
  readonly apply: (change: Change<T>) => void;
}

async function follow<T>(
  { client, signal, sync, log, troubles }: ClusterOptions,
  { subject, resource, selector, project, apply }: Followed<T>,
): Promise<void> {
  const failed = (error: unknown) => {
    sync.failed(subject, error);
    const what = sync.denied.includes(subject)
      ? 'the service account may not list and watch them, so their names are missing'
      : 'the API server cannot be followed; it is tried again';
    const said = error instanceof Error ? error.message : String(error);
    troubles.say(subject, what, { resource: subject, error: said });
  };
  const following = (yes: boolean) => sync.following(subject, yes);
  const heard = () => sync.heard(subject);
  const path = `/api/v1/${resource}`;
  const changes = reflect({ client, path, ...selector, project, signal, following, heard, failed });
  for await (const change of changes) {
    troubles.over(subject);
    apply(change);
    if (change.type !== 'replace') continue;
    log.debug({ resource: subject, objects: change.objects.length }, 'listed');
    sync.listed(subject);
  }
}
