import { randomUUID } from 'node:crypto';

import type { KubernetesObject, ObjectMeta } from './object.ts';

interface Named {
  readonly name: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PodOptions extends Named {
  /** Default `default`. */
  readonly namespace?: string;
  /** Without it the pod is not scheduled. */
  readonly nodeName?: string;
  readonly ips?: readonly string[];
  /** The controller. */
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid?: string };
  readonly hostNetwork?: boolean;
  /** The name of its container. */
  readonly container?: string;
}

/** Running with an address, else Pending. */
export function pod(options: PodOptions): KubernetesObject {
  const { ips = [], owner, nodeName, hostNetwork, container: name = 'main' } = options;
  const isRunning = ips.length > 0;
  return {
    metadata: {
      ...meta(options, options.namespace ?? 'default'),
      ...(owner && { ownerReferences: [ownerReference(owner)] }),
    },
    spec: {
      containers: [{ name, image, resources: {}, imagePullPolicy: 'IfNotPresent' }],
      restartPolicy: 'Always',
      ...(nodeName !== undefined && { nodeName }),
      ...(hostNetwork === true && { hostNetwork }),
    },
    status: {
      phase: isRunning ? 'Running' : 'Pending',
      ...(isRunning && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
      ...(nodeName !== undefined && {
        startTime: epoch,
        containerStatuses: [container(name, isRunning)],
      }),
      qosClass: 'BestEffort',
    },
  };
}

export interface ServiceOptions extends Named {
  readonly namespace?: string;
  /** `['None']` is a headless service. */
  readonly clusterIPs?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly type?: 'ClusterIP' | 'LoadBalancer';
  /** The addresses of its load balancer. */
  readonly ingressIPs?: readonly string[];
}

export function service(options: ServiceOptions): KubernetesObject {
  const { clusterIPs = [], ports = [], type = 'ClusterIP', ingressIPs = [] } = options;
  return {
    metadata: meta(options, options.namespace ?? 'default'),
    spec: {
      ports: ports.map((port) => ({ ...port, protocol: 'TCP', targetPort: port.port })),
      ...(clusterIPs.length > 0 && { clusterIP: clusterIPs[0], clusterIPs }),
      type,
      sessionAffinity: 'None',
    },
    status: {
      loadBalancer: ingressIPs.length > 0 ? { ingress: ingressIPs.map((ip) => ({ ip })) } : {},
    },
  };
}

export interface NodeOptions extends Named {
  /** Its InternalIPs, or addresses with their types. */
  readonly addresses?: readonly (string | { readonly type: string; readonly address: string })[];
  readonly zone?: string;
}

export function node(options: NodeOptions): KubernetesObject {
  const { name, addresses = [], zone } = options;
  const labels = {
    'kubernetes.io/hostname': name,
    ...(zone !== undefined && { 'topology.kubernetes.io/zone': zone }),
    ...options.labels,
  };
  const typed = addresses.map((address) =>
    typeof address === 'string' ? { type: 'InternalIP', address } : address,
  );
  return {
    metadata: meta({ ...options, labels }),
    spec: {},
    status: { addresses: [...typed, { type: 'Hostname', address: name }] },
  };
}

export function namespace(options: Named): KubernetesObject {
  return {
    metadata: meta(options),
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

const image = 'registry.local/busybox:1.35';
const epoch = '2026-11-21T23:00:08Z';

function meta({ name, uid, labels, annotations }: Named, namespace?: string): ObjectMeta {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(labels && { labels }),
    ...(annotations && { annotations }),
  };
}

function ownerReference({ kind, name, uid = randomUUID() }: NonNullable<PodOptions['owner']>) {
  const [, group] = Object.entries(groups).find(([known]) => known === kind) ?? [];
  return {
    apiVersion: group ?? 'apps/v1',
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Owners that are not in apps/v1. */
const groups = { Job: 'batch/v1', Node: 'v1' };

function container(name: string, isRunning: boolean) {
  return {
    name,
    state: isRunning
      ? { running: { startedAt: epoch } }
      : { waiting: { reason: 'ContainerCreating' } },
    lastState: {},
    ready: isRunning,
    restartCount: 0,
    image,
    imageID: '',
    started: isRunning,
  };
}
