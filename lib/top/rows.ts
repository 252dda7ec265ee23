import { plus } from './agent-table.ts';
import type { Rates, View } from './view.ts';

/** What a row of a table stands for: a pod and a peer, or all of a pod, workload, namespace or peer. */
export const GROUPS = ['flow', 'pod', 'workload', 'namespace', 'peer'] as const;
export type Group = (typeof GROUPS)[number];

/** A row of a table; names that it does not have are `-`. */
export interface Row extends View {
  /** Tells the row from others of the same group, and stays the same. */
  readonly key: string;
}

type Name = Exclude<keyof View, 'now' | 'mean10' | 'mean40' | 'sentBytes' | 'receivedBytes'>;

/** The names that the views of a group share. */
const NAMES: Readonly<{ [group in Exclude<Group, 'flow'>]: readonly Name[] }> = {
  pod: ['namespace', 'pod', 'workload', 'node'],
  workload: ['namespace', 'workload'],
  namespace: ['namespace'],
  peer: ['peer_kind', 'peer_namespace', 'peer', 'peer_workload', 'port'],
};

const NAMELESS = {
  namespace: '-',
  pod: '-',
  workload: '-',
  node: '-',
  peer_kind: '-',
  peer_namespace: '-',
  peer: '-',
  peer_workload: '-',
  port: '-',
};

/** What passes between two pods that both see it is one `flow`. The other groups are sums of what their pods see. */
export function rowsOf(views: readonly View[], group: Group): Row[] {
  if (group === 'flow') return flows(views);
  const rows = new Map<string, Row>();
  for (const view of views) {
    const names = Object.fromEntries(NAMES[group].map((name) => [name, view[name]]));
    const key = Object.values(names).join('\n');
    const known = rows.get(key);
    rows.set(key, known ? plus(known, view) : { ...view, ...NAMELESS, ...names, key });
  }
  return [...rows.values()];
}

/** Two ends that see the same bytes are one flow: each direction is what its sender has counted. */
function flows(views: readonly View[]): Row[] {
  const byKey = new Map(views.map((view) => [keyOf(view), view]));
  return [...byKey].flatMap(([key, view]) => {
    const otherKey = keyFromPeer(view);
    const other = otherKey === undefined ? undefined : byKey.get(otherKey);
    if (!other || otherKey === undefined || key === otherKey) return { ...view, key };
    // The same end each time, whoever answers first.
    return key < otherKey ? { ...seenBySenders(view, other), key } : [];
  });
}

function seenBySenders(view: View, other: View): View {
  const both = (rates: 'now' | 'mean10' | 'mean40'): Rates => ({
    send: view[rates].send,
    receive: other[rates].send,
  });
  return {
    ...view,
    now: both('now'),
    mean10: both('mean10'),
    mean40: both('mean40'),
    receivedBytes: other.sentBytes,
  };
}

function keyOf({ namespace, pod, peer_kind, peer_namespace, peer, port }: View): string {
  return `pod\n${namespace}\n${pod}\n${peer_kind}\n${peer_namespace}\n${peer}\n${port}`;
}

/** The key of the same flow as its other end has it, if that can be a pod that sees it. */
function keyFromPeer(view: View): string | undefined {
  const { namespace, pod, peer_kind, peer_namespace, peer, port } = view;
  if (peer_kind !== 'pod') return undefined;
  return `pod\n${peer_namespace}\n${peer}\npod\n${namespace}\n${pod}\n${port}`;
}
