import type { StoredObject } from './object.ts';
import type { Resource } from './store.ts';

interface Description {
  readonly kind: string;
  /** What a fieldSelector may name. */
  readonly fields: readonly string[];
  /** What Go's zero value of the type marshals to: the body of a bookmark. */
  readonly zero: object;
}

const nodeInfo = Object.fromEntries(
  [
    'machineID',
    'systemUUID',
    'bootID',
    'kernelVersion',
    'osImage',
    'containerRuntimeVersion',
    'kubeletVersion',
    'kubeProxyVersion',
    'operatingSystem',
    'architecture',
  ].map((name) => [name, '']),
);

/** The resources that are served, all of them in /api/v1. */
export const resources: Readonly<Record<Resource, Description>> = {
  pods: {
    kind: 'Pod',
    fields: [
      'metadata.name',
      'metadata.namespace',
      'spec.nodeName',
      'spec.restartPolicy',
      'status.phase',
      'status.podIP',
    ],
    zero: { spec: { containers: null }, status: {} },
  },
  services: {
    kind: 'Service',
    fields: ['metadata.name', 'metadata.namespace', 'spec.clusterIP', 'spec.type'],
    zero: { spec: {}, status: { loadBalancer: {} } },
  },
  nodes: {
    kind: 'Node',
    fields: ['metadata.name', 'spec.unschedulable'],
    zero: {
      spec: {},
      status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, nodeInfo },
    },
  },
  namespaces: {
    kind: 'Namespace',
    fields: ['metadata.name', 'status.phase'],
    zero: { spec: {}, status: {} },
  },
};

export function isResource(name: string): name is Resource {
  return Object.hasOwn(resources, name);
}

/** An object as it stands alone, in a watch event or a GET; in a list it has no kind. */
export function typed(resource: Resource, object: StoredObject): object {
  return { kind: resources[resource].kind, apiVersion: 'v1', ...object };
}

export function bookmark(resource: Resource, version: number): object {
  const { kind, zero } = resources[resource];
  const metadata = { resourceVersion: String(version), creationTimestamp: null };
  return { kind, apiVersion: 'v1', metadata, ...zero };
}
