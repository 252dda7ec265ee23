import { BothEnds } from './both-ends.ts';
import { add, isFirstEnd, nothing, plus, type View } from './view.ts';

/** What a row of a table stands for: a pod and a peer, or all of a pod, workload, namespace or peer. */
export const GROUPS = ['flow', 'pod', 'workload', 'namespace', 'peer'] as const;
export type Group = (typeof GROUPS)[number];

/** A row of a table; names that it does not have are `-`. */
export type Row = View;

type Name = keyof typeof NAMELESS;

/** The names that the views of a group share. */
const NAMES: Readonly<{ [group in Exclude<Group, 'flow'>]: readonly Name[] }> = {
  pod: ['namespace', 'pod', 'workload', 'node'],
  workload: ['namespace', 'workload'],
  namespace: ['namespace'],
  peer: ['peer_kind', 'peer_namespace', 'peer', 'peer_workload', 'port'],
};

/** The names of a row that has none. */
export const NAMELESS = {
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

/**
 * What passes between two pods that both see it is one `flow`. The other groups are sums of what their pods see. The keys are
 * those of the group.
 */
export function rowsOf(views: readonly View[], group: Group): Row[] {
  if (group === 'flow') return flows(views);
  const rows = new Map<string, Row>();
  for (const view of views) {
    const key = NAMES[group].map((name) => view[name]).join('\n');
    const known = rows.get(key) ?? emptyRow(view, NAMES[group], key);
    rows.set(key, known);
    add(known, view);
  }
  return [...rows.values()];
}

function emptyRow(view: View, names: readonly Name[], key: string): Row {
  const own = Object.fromEntries(names.map((name) => [name, view[name]]));
  return { ...NAMELESS, ...own, key, ...nothing() };
}

/** Two ends that see the same bytes are one flow. */
function flows(views: readonly View[]): Row[] {
  const [first, second] = [new Map<string, View>(), new Map<string, View>()];
  for (const view of views) {
    const ends = isFirstEnd(view) ? first : second;
    const known = ends.get(view.key);
    ends.set(view.key, known ? plus(known, view) : view);
  }
  const isAlone = ({ key }: View) => !first.has(key);
  return [
    ...first.values().map((view) => {
      const other = second.get(view.key);
      return other ? new BothEnds(view, other) : view;
    }),
    ...second.values().filter(isAlone),
  ];
}
