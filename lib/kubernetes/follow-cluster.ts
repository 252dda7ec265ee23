import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './client/client.ts';
import type { KubernetesObject } from './object-schema.ts';
import {
  cgroupUid,
  localPod,
  namespaceRecord,
  nodeRecord,
  observeOf,
  type Owner,
  podRecord,
  serviceRecord,
} from './records.ts';
import { type DeclaredPorts, type Declaring, portsOf } from './declared-ports.ts';
import { type Change, reflect } from './reflector.ts';
import { startDelay } from './start-delay.ts';
import type { LocalPod, Log, ProblemLog } from '../model.ts';
import { ApiProblems, type ApiProblemsOptions } from './api-problems.ts';
import { type PodSink, Selection } from './selection.ts';
import { localSubject, type Sync } from './sync.ts';

/** Takes the owners of addresses; `at` is when the API server reported them, in milliseconds since 1970. */
interface OwnerSink {
  put(owner: Owner, at: number): void;
  remove(owner: Owner, at: number): void;
  /** These are the owners of one kind and no others. */
  replace(kind: Owner['kind'], owners: readonly Owner[], at: number): void;
}

export interface ClusterOptions {
  /** The API server itself, for the pods of this node and the namespaces' annotations. */
  readonly client: ApiClient;
  /** Serves what all agents follow: a relay, or the API server. */
  readonly shared?: ApiClient;
  readonly node: string;
  readonly wanted: (pod: LocalPod) => boolean;
  /** The keys of the labels that pods and namespaces are followed with. */
  readonly labels?: readonly string[];
  readonly directory: OwnerSink;
  /** Undefined if the pods to observe come from elsewhere. */
  readonly registry: PodSink | undefined;
  /** Undefined without PORTS=service. */
  readonly ports: Pick<DeclaredPorts, 'apply'> | undefined;
  readonly sync: Sync;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly problems: ProblemLog;
  readonly explain: ApiProblemsOptions['explain'];
}

/** The resources that name peers: the kind of owner that their objects are, and what is kept of each. */
const OWNERS = {
  pods: ['pod', podRecord],
  services: ['service', serviceRecord],
  nodes: ['node', nodeRecord],
} as const;
const NAMING = ['pods', 'services', 'nodes'] as const;
type Resource = keyof typeof OWNERS | 'namespaces';

/** The resources that are listed and watched: the service account needs these rights. A sidecar needs no namespaces. */
export function resourcesOf({ sidecar }: { readonly sidecar: unknown }): readonly Resource[] {
  return sidecar === undefined ? [...NAMING, 'namespaces'] : NAMING;
}

/** Milliseconds over which agents of a relay spread their lists. */
const RELAYED = 2000;
/** Milliseconds for which the pods of the node wait until the namespaces are listed; windows wait for longer. */
const PATIENCE = 60_000;

/** An object that names peers. */
interface Named extends Declaring {
  readonly owner: Owner;
}

/** The options for following a resource. */
interface Following extends ClusterOptions {
  readonly apiProblems: ApiProblems;
}

/** Follows the API server: the pods of this node to the registry, all owners to the directory. */
export async function followCluster(given: ClusterOptions): Promise<void> {
  const { client, directory, registry, ports, signal, log, sync, problems, explain } = given;
  const apiProblems = new ApiProblems({ problems, sync, explain });
  const options: Following = { ...given, apiProblems };
  const local = registry && followLocal(options, registry);
  // A relay is there for all agents at once.
  const delay = given.shared ? Math.random() * RELAYED : await startDelay(client, signal);
  log.debug({ delay }, 'the cluster is listed after a random delay');
  await sleep(delay, undefined, { signal }).catch(() => {});
  const owners = NAMING.map((resource) => {
    const [kind, recordOf] = OWNERS[resource];
    const project = (object: KubernetesObject): Named => ({
      owner: recordOf(object),
      ports: ports ? portsOf(object) : [],
    });
    const apply = (change: Change<Named>) => {
      applyTo(directory, kind, change);
      ports?.apply(kind, change);
    };
    return follow(options, { resource, project, apply });
  });
  await Promise.all([...owners, local]);
}

/** Follows the pods of this node, and the namespaces, whose annotation can turn pods off; both are few. */
async function followLocal(options: Following, registry: PodSink): Promise<void> {
  const { node, wanted, labels, sync } = options;
  const selection = new Selection(registry, wanted);
  let patience: NodeJS.Timeout | undefined;
  const goOn = () => {
    sync.excuse('namespaces');
    selection.doNotWait();
  };
  const pods = follow(options, {
    subject: localSubject(node),
    resource: 'pods',
    fieldSelector: `spec.nodeName=${node}`,
    project: (object) => ({
      cgroupUid: cgroupUid(object),
      pod: localPod(object, labels),
      observe: observeOf(object),
    }),
    apply(change) {
      selection.pods(change);
      patience ??= setTimeout(goOn, PATIENCE).unref();
    },
  });
  const namespaces = follow(options, {
    resource: 'namespaces',
    project: (object) => namespaceRecord(object, labels),
    apply: (change) => selection.namespaces(change),
    denied: goOn,
  });
  await Promise.all([pods, namespaces]);
  clearTimeout(patience);
}

function applyTo(directory: OwnerSink, kind: Owner['kind'], change: Change<Named>): void {
  const now = Date.now();
  if (change.type === 'replace') {
    const owners = change.objects.map(({ owner }) => owner);
    directory.replace(kind, owners, now);
  } else if (change.type === 'put') directory.put(change.object.owner, now);
  else directory.remove(change.object.owner, now);
}

interface Followed<T> {
  /** The name in logs and probes, if that is not the resource's. */
  readonly subject?: string;
  readonly resource: Resource;
  readonly fieldSelector?: string;
  readonly project: (object: KubernetesObject) => T;
  readonly apply: (change: Change<T>) => void;
  /** Called when the service account may not list the resource. */
  readonly denied?: () => void;
}

async function follow<T>(
  { client: direct, shared = direct, signal, sync, log, apiProblems }: Following,
  { resource, subject = resource, apply, denied, ...selected }: Followed<T>,
): Promise<void> {
  const client = selected.fieldSelector ? direct : shared;
  const failed = (error: unknown) => {
    sync.failed(subject, error);
    if (sync.denied.includes(subject)) denied?.();
    log.debug({ resource: subject, error: String(error) }, 'a list or watch has failed');
    apiProblems.failed(subject, error);
  };
  const following = (yes: boolean) => {
    sync.following(subject, yes, client.beat);
    // A resource that seldom changes has no event that would show that it is followed.
    if (yes) apiProblems.followed(subject);
  };
  const heard = () => sync.heard(subject);
  const path = `/api/v1/${resource}`;
  const changes = reflect({ client, path, ...selected, signal, following, heard, failed });
  for await (const change of changes) {
    apply(change);
    if (change.type !== 'replace') continue;
    log.debug({ resource: subject, objects: change.objects.length }, 'listed');
    sync.listed(subject);
  }
}
