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
  /** Default Running with an address, else Pending. */
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly hostNetwork?: boolean;
  readonly hostIP?: string;
  readonly deletionTimestamp?: string;
}

export function pod(options: PodOptions): KubernetesObject {
  const { ips = [], owner, nodeName, hostIP, hostNetwork, deletionTimestamp } = options;
  const phase = options.phase ?? (ips.length > 0 ? 'Running' : 'Pending');
  return {
    metadata: {
      ...meta(options, options.namespace ?? 'default'),
      ...(owner && { ownerReferences: [ownerReference(owner)] }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp, deletionGracePeriodSeconds: 30 }),
    },
    spec: {
      containers: [{ name: 'main', image, resources: {}, imagePullPolicy: 'IfNotPresent' }],
      restartPolicy: phase === 'Succeeded' || phase === 'Failed' ? 'Never' : 'Always',
      ...(nodeName !== undefined && { nodeName }),
      ...(hostNetwork === true && { hostNetwork }),
    },
    status: {
      phase,
      ...(hostIP !== undefined && { hostIP }),
      ...(ips.length > 0 && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
      ...(nodeName !== undefined && { startTime: epoch, containerStatuses: [containerIn(phase)] }),
      qosClass: 'BestEffort',
    },
  };
}

export interface ServiceOptions extends Named {
  readonly namespace?: string;
  /** `['None']` is a headless service. */
  readonly clusterIPs?: readonly string[];
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly selector?: Readonly<Record<string, string>>;
  readonly externalIPs?: readonly string[];
  /** The addresses of its load balancer. */
  readonly ingressIPs?: readonly string[];
}

export function service(options: ServiceOptions): KubernetesObject {
  const { clusterIPs = [], ports = [], type = 'ClusterIP', selector, externalIPs } = options;
  const { ingressIPs = [] } = options;
  return {
    metadata: meta(options, options.namespace ?? 'default'),
    spec: {
      ports: ports.map((port) => ({ ...port, protocol: 'TCP', targetPort: port.port })),
      ...(selector && { selector }),
      ...(clusterIPs.length > 0 && { clusterIP: clusterIPs[0], clusterIPs }),
      type,
      ...(externalIPs && { externalIPs }),
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

function containerIn(phase: NonNullable<PodOptions['phase']>) {
  const states = {
    Pending: { waiting: { reason: 'ContainerCreating' } },
    Running: { running: { startedAt: epoch } },
    Succeeded: { terminated: { exitCode: 0, reason: 'Completed' } },
    Failed: { terminated: { exitCode: 1, reason: 'Error' } },
  };
  return {
    name: 'main',
    state: states[phase],
    lastState: {},
    ready: phase === 'Running',
    restartCount: 0,
    image,
    imageID: '',
    started: phase === 'Running',
  };
}
