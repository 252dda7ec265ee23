import type { Labels, LocalPod } from '../model.ts';
import { canonicalSet as addresses } from '../ip-address.ts';
import type { KubernetesObject } from './object-schema.ts';
import { publishedOf } from './node/node-addresses.ts';
import { workloadOf } from './workload/workload.ts';

/** The parts of an object with addresses that are kept. */
export interface Owner {
  readonly uid: string;
  readonly kind: 'pod' | 'service' | 'node';
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  /** The node a pod runs on; empty for others. */
  readonly node: string;
  readonly zone: string;
  /** Of nodes. Records of earlier processes lack it. */
  readonly region?: string;
  readonly ips: readonly string[];
  /** Addresses that the network plug-in has published of a node. */
  readonly pluginIps?: readonly string[];
  /** Address ranges out of which pods get theirs (nodes only). */
  readonly podCidrs: readonly string[];
  /**
   * The object had no address before: when the kubelet took the pod, or else when the object was made,
   * in milliseconds since 1970; the API has whole seconds, rounded down. 0 if unknown.
   */
  readonly since: number;
  /** When the pod's first container was running, and the pod had its addresses; else Infinity. */
  readonly started: number;
  /** Containers of the pod were running when the API server last reported it (pods only). */
  readonly running: boolean;
}

export const ZONE = 'topology.kubernetes.io/zone';
export const REGION = 'topology.kubernetes.io/region';
export const OBSERVE = 'nstats/observe';
const MIRROR = 'kubernetes.io/config.mirror';
const HASH = 'kubernetes.io/config.hash';

/** A pod as an owner of addresses. A pod that has ended, or shares its node's addresses, owns none. */
export function podRecord(pod: KubernetesObject): Owner {
  return {
    ...base(pod, 'pod'),
    workload: workloadOf(pod),
    node: pod.spec?.nodeName ?? '',
    ips: podIps(pod),
    since: time(pod.status?.startTime) || time(pod.metadata?.creationTimestamp),
    started: startOf(pod),
    running: pod.status?.containerStatuses?.some(({ state }) => state?.running) ?? false,
  };
}

/** A service as an owner of addresses: of its cluster IPs, external IPs and load balancers. */
export function serviceRecord(service: KubernetesObject): Owner {
  const { clusterIP, clusterIPs, externalIPs } = service.spec ?? {};
  const ingress = service.status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? [];
  const ips = addresses([clusterIP, ...(clusterIPs ?? []), ...(externalIPs ?? []), ...ingress]);
  return { ...base(service, 'service'), ips };
}

/** A node as an owner of addresses: of every type, and of those in its annotations. */
export function nodeRecord(node: KubernetesObject): Owner {
  const { podCIDR, podCIDRs } = node.spec ?? {};
  const published = publishedOf(node.metadata?.annotations ?? {});
  return {
    ...base(node, 'node'),
    zone: node.metadata?.labels?.[ZONE] ?? '',
    region: node.metadata?.labels?.[REGION] ?? '',
    ips: addresses(node.status?.addresses?.map(({ address }) => address) ?? []),
    pluginIps: published.addresses,
    podCidrs: [...new Set([...(podCIDRs ?? (podCIDR ? [podCIDR] : [])), ...published.ranges])],
  };
}

/**
 * What the annotation `nstats/observe` of a pod or a namespace says: `false` turns it off, `true`
 * turns a pod on in a namespace that is off. Undefined if it says nothing, or something else.
 */
export function observeOf({ metadata }: KubernetesObject): boolean | undefined {
  const value = metadata?.annotations?.[OBSERVE];
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** The parts of a namespace that are kept. */
export interface NamespaceRecord {
  readonly name: string;
  readonly observe: boolean | undefined;
  readonly labels?: Labels;
}

/** `keys`: the labels that are kept. */
export function namespaceRecord(
  namespace: KubernetesObject,
  keys: readonly string[] = [],
): NamespaceRecord {
  return {
    name: namespace.metadata?.name ?? '',
    observe: observeOf(namespace),
    ...(keys.length > 0 && { labels: labelsOf(namespace, keys) }),
  };
}

/**
 * The pod as one that can be observed; undefined if it has no network of its own, or has ended. `keys`: the labels that
 * are kept.
 */
export function localPod(
  pod: KubernetesObject,
  keys: readonly string[] = [],
): LocalPod | undefined {
  const { uid, name, namespace, deletionTimestamp } = pod.metadata ?? {};
  if (!uid || !name || !namespace || hasEnded(pod) || pod.spec?.hostNetwork) return undefined;
  return {
    uid,
    cgroupUid: cgroupUid(pod),
    namespace,
    name,
    workload: workloadOf(pod),
    ...(keys.length > 0 && { labels: labelsOf(pod, keys) }),
    ips: podIps(pod),
    ...(deletionTimestamp !== undefined && { terminating: true }),
  };
}

/** An empty value is as good as none. */
function labelsOf({ metadata }: KubernetesObject, keys: readonly string[]): Labels {
  const { labels = {} } = metadata ?? {};
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(labels, key) && labels[key] ? [[key, labels[key]]] : [])),
  );
}

/** When the first container of a pod started, as far as it is known. */
function startOf({ status }: KubernetesObject): number {
  const containers = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  const times = containers.map(({ state }) =>
    time(state?.running?.startedAt ?? state?.terminated?.startedAt),
  );
  return Math.min(...times.map((at) => at || Infinity));
}

/** The UID in the pod's cgroup path: the pod's, or for a static pod the hash of its manifest. */
export function cgroupUid({ metadata }: KubernetesObject): string {
  const { uid = '', annotations } = metadata ?? {};
  // Only the kubelet can make a mirror of a static pod, so no other pod can pretend to be one.
  return (annotations?.[MIRROR] && annotations[HASH]) || uid;
}

function base(object: KubernetesObject, kind: Owner['kind']): Owner {
  const { uid = '', name = '', namespace = '', creationTimestamp } = object.metadata ?? {};
  const nothing = {
    workload: '',
    node: '',
    zone: '',
    ips: NONE,
    podCidrs: NONE,
    started: Infinity,
    running: false,
  };
  return { uid, kind, namespace, name, ...nothing, since: time(creationTimestamp) };
}

const NONE: readonly string[] = [];

function time(text: string | undefined): number {
  return (text && Date.parse(text)) || 0;
}

/** A pod that has succeeded or failed keeps its address in the API, even if another pod has it by now. */
export function hasEnded(pod: KubernetesObject): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function podIps(pod: KubernetesObject): string[] {
  if (hasEnded(pod) || pod.spec?.hostNetwork) return [];
  return addresses([pod.status?.podIP, ...(pod.status?.podIPs?.map(({ ip }) => ip) ?? [])]);
}
