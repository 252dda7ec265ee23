import type { View } from '../../../lib/top/view.ts';

/** What a node of the graph can stand for. */
export const GROUPINGS = ['workload', 'namespace', 'pod'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export type EndKind = Grouping | 'service' | 'node' | 'external' | 'other' | 'unknown';

/** One end of a flow as the graph has it. A service and a workload of one name in one namespace have the same `id`. */
export interface End {
  readonly id: string;
  readonly kind: EndKind;
  readonly name: string;
  /** `-` outside of namespaces. */
  readonly namespace: string;
}

/** The end that sees the flow. */
export function ownEnd(view: View, by: Grouping): End {
  return podEnd(view.namespace, view.pod, view.workload, by);
}

export function peerEnd(view: View, by: Grouping): End {
  const { peer_kind: kind, peer_namespace: namespace, peer: name } = view;
  if (kind === 'pod') return podEnd(namespace, name, view.peer_workload, by);
  if (kind === 'service')
    return by === 'namespace' ? inNamespace(namespace) : within('service', namespace, name);
  if (kind === 'node' || kind === 'external')
    return { id: `${kind}:${name}`, kind, name, namespace: '-' };
  if (kind === 'other') return { id: 'other:', kind, name: 'other peers', namespace: '-' };
  return { id: 'unknown:', kind: 'unknown', name: 'unknown addresses', namespace: '-' };
}

function podEnd(namespace: string, pod: string, workload: string, by: Grouping): End {
  if (by === 'namespace') return inNamespace(namespace);
  if (by === 'pod' || workload === '-') return within('pod', namespace, pod);
  return within('workload', namespace, bare(workload));
}

function inNamespace(namespace: string): End {
  return { id: `in:${namespace}`, kind: 'namespace', name: namespace, namespace: '-' };
}

function within(kind: EndKind, namespace: string, name: string): End {
  return { id: `in:${namespace}/${name}`, kind, name, namespace };
}

/** The name of a workload without its kind. */
function bare(workload: string): string {
  return workload.slice(workload.indexOf('/') + 1);
}
