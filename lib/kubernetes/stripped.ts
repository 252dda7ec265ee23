import { NODE_ANNOTATIONS, OVN_HYBRID_OVERLAY } from './node/node-annotations.ts';
import type { KubernetesObject } from './object-schema.ts';
import { hasEnded, OBSERVE, REGION, ZONE } from './records.ts';
import { DEPLOYMENT_CONFIG, HASHED, NAMED } from './workload/controllers.ts';

type Metadata = NonNullable<KubernetesObject['metadata']>;
type Texts = NonNullable<Metadata['labels']>;

/** The resources that all agents follow. */
export const SHARED_RESOURCES = ['pods', 'services', 'nodes', 'namespaces'] as const;
export type SharedResource = (typeof SHARED_RESOURCES)[number];

const POD_LABELS = new Set([
  ...[...HASHED, ...NAMED].map(([, label]) => label),
  DEPLOYMENT_CONFIG.label,
  DEPLOYMENT_CONFIG.deployment,
]);
const POD_ANNOTATIONS = new Set<string>([DEPLOYMENT_CONFIG.annotation]);
const NODE_LABELS = new Set([ZONE, REGION]);
const ALL_NODE_ANNOTATIONS = new Set<string>([
  ...NODE_ANNOTATIONS.keys(),
  ...Object.values(OVN_HYBRID_OVERLAY),
]);
const NAMESPACE_ANNOTATIONS = new Set([OBSERVE]);

/**
 * The parts of an object, for JSON, that the records and the declared ports of an agent are made of, without the resourceVersion: a
 * change of anything else matters to no agent. What an agent reads of the pods of its own node is more.
 */
export function stripped(resource: SharedResource, object: KubernetesObject): object {
  return STRIP[resource](object);
}

const STRIP: { readonly [resource in SharedResource]: typeof pod } = {
  pods: pod,
  services: service,
  nodes: node,
  namespaces: namespace,
};

function pod(object: KubernetesObject): object {
  const { metadata = {}, spec = {}, status = {} } = object;
  const { labels, annotations, ownerReferences } = metadata;
  const { nodeName, hostNetwork } = spec;
  const kept = {
    ...identity(metadata),
    ...some('labels', chosen(labels, POD_LABELS)),
    ...some('annotations', chosen(annotations, POD_ANNOTATIONS)),
    ...(ownerReferences && { ownerReferences }),
  };
  const { phase, startTime } = status;
  if (hasEnded(object)) return { metadata: kept, spec: { nodeName }, status: { phase, startTime } };
  const { podIP, podIPs, containerStatuses, initContainerStatuses } = status;
  return {
    metadata: kept,
    spec: {
      nodeName,
      hostNetwork,
      containers: withPorts(spec.containers),
      initContainers: withPorts(spec.initContainers),
    },
    status: { startTime, podIP, podIPs, containerStatuses, initContainerStatuses },
  };
}

function service({ metadata = {}, spec = {}, status = {} }: KubernetesObject): object {
  const { clusterIP, clusterIPs, externalIPs, ports } = spec;
  return {
    metadata: identity(metadata),
    spec: { clusterIP, clusterIPs, externalIPs, ports },
    status: { loadBalancer: status.loadBalancer },
  };
}

function node({ metadata = {}, spec = {}, status = {} }: KubernetesObject): object {
  const { labels, annotations } = metadata;
  return {
    metadata: {
      ...identity(metadata),
      ...some('labels', chosen(labels, NODE_LABELS)),
      ...some('annotations', chosen(annotations, ALL_NODE_ANNOTATIONS)),
    },
    spec: { podCIDR: spec.podCIDR, podCIDRs: spec.podCIDRs },
    status: { addresses: status.addresses },
  };
}

/** All labels, since POD_LABELS may ask for any. */
function namespace({ metadata = {} }: KubernetesObject): object {
  const { labels, annotations } = metadata;
  return {
    metadata: {
      ...identity(metadata),
      ...some('labels', labels),
      ...some('annotations', chosen(annotations, NAMESPACE_ANNOTATIONS)),
    },
  };
}

function identity({ uid, name, namespace, creationTimestamp }: Metadata): object {
  return { uid, name, namespace, creationTimestamp };
}

/** The containers that declare ports. */
function withPorts(
  containers: NonNullable<KubernetesObject['spec']>['containers'],
): typeof containers {
  const declaring = containers?.filter(({ ports = [] }) => ports.length > 0) ?? [];
  return declaring.length > 0 ? declaring : undefined;
}

function chosen(texts: Texts = {}, keys: ReadonlySet<string>): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => keys.has(key)));
}

function some(name: 'labels' | 'annotations', texts: Texts = {}): object {
  return Object.keys(texts).length > 0 ? { [name]: texts } : {};
}
