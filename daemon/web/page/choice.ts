import type { Group, Row } from '../../../lib/top/rows.ts';
import type { View } from '../../../lib/top/view.ts';
import { type End, type Grouping, ownEnd, peerEnd } from './ends.ts';

/** What the line shows, and what is marked in graph and table. */
export interface Choice {
  /** Tells it from others. */
  readonly key: string;
  readonly title: string;
  /** What it is. */
  readonly kind: string;
  /** Whether a pod that it is, or is part of it, sees the flow; what no pod of it sees is that which others see of it. */
  readonly isOwn: (view: View) => boolean;
  readonly isPeer: (view: View) => boolean;
}

const NEVER = () => false;

export const ALL: Choice = {
  key: 'all',
  title: 'All traffic',
  kind: 'as the pods send and receive it',
  isOwn: () => true,
  isPeer: NEVER,
};

export function choiceOfNode({ id, name, namespace, kind }: End, by: Grouping): Choice {
  return {
    key: `node:${by}:${id}`,
    title: namespace === '-' ? name : `${namespace}/${name}`,
    kind,
    isOwn: (view) => ownEnd(view, by).id === id,
    isPeer: (view) => peerEnd(view, by).id === id,
  };
}

/** The names that a row of the group has, in the order of a title. */
const NAMES = {
  flow: ['namespace', 'pod', 'peer_kind', 'peer_namespace', 'peer', 'port'],
  pod: ['namespace', 'pod'],
  workload: ['namespace', 'workload'],
  namespace: ['namespace'],
  peer: ['peer_kind', 'peer_namespace', 'peer', 'port'],
} as const;

export function choiceOfRow(row: Row, group: Group): Choice {
  const names = NAMES[group];
  const matches = (view: View) => names.every((name) => view[name] === row[name]);
  return {
    key: rowKey(row, group),
    title: titleOf(row, group),
    kind: group === 'peer' ? row.peer_kind : group,
    // Of a peer the table has what pods send to it.
    isOwn: group === 'peer' ? NEVER : matches,
    isPeer: group === 'peer' ? matches : NEVER,
  };
}

export function rowKey(row: Row, group: Group): string {
  return `row:${group}:${row.key}`;
}

function titleOf(row: Row, group: Group): string {
  const peer = `${row.peer_namespace === '-' ? '' : `${row.peer_namespace}/`}${row.peer}`;
  if (group === 'flow') return `${row.namespace}/${row.pod} → ${peer}`;
  if (group === 'pod') return `${row.namespace}/${row.pod}`;
  if (group === 'workload') return `${row.namespace}/${row.workload}`;
  return group === 'namespace' ? row.namespace : peer;
}

/** The views that make up what is chosen, and whether its own pods see them. */
export function seen(views: readonly View[], { isOwn, isPeer }: Choice) {
  const own = views.filter(isOwn);
  return own.length > 0
    ? { isOwn: true, views: own }
    : { isOwn: false, views: views.filter(isPeer) };
}
