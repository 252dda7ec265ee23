import { type Row } from '../../../../lib/top/rows.ts';
import { type End, type EndKind, type Grouping, ownEnd, peerEnd } from '../ends.ts';

/** Rates are bit/s, the mean of ten seconds: what is drawn does not flicker. */
export interface GraphNode extends Omit<End, 'kind'> {
  readonly kind: EndKind | 'folded';
  readonly send: number;
  readonly receive: number;
}

export interface GraphEdge {
  readonly id: string;
  /** IDs of nodes. */
  readonly from: string;
  readonly to: string;
  readonly rate: number;
}

export interface Graph {
  /** The one with the most traffic first. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphOptions {
  readonly by: Grouping;
  /** The smallest nodes beyond so many are folded into one. */
  readonly most: number;
  /** IDs of nodes that are not folded. */
  readonly wanted: ReadonlySet<string>;
  /** IDs of nodes that are drawn already: these stay unless they are clearly smaller than others. */
  readonly drawn: ReadonlySet<string>;
}

export const FOLDED = 'folded:';
/** Of a node that is drawn, to one that is not. */
const PREFERENCE = 1.5;

/** Who sends to whom, of rows of the group `flow`. */
export function graphOf(rows: readonly Row[], options: GraphOptions): Graph {
  const { ends, edges } = gathered(rows, options.by);
  const traffic = trafficOf(edges);
  const size = (id: string) => (traffic.get(id)?.send ?? 0) + (traffic.get(id)?.receive ?? 0);
  const rank = (id: string) => {
    if (options.wanted.has(id)) return Infinity;
    return size(id) * (options.drawn.has(id) ? PREFERENCE : 1);
  };
  const ids = [...ends.keys()].sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1));
  const kept = new Set(ids.length > options.most ? ids.slice(0, options.most - 1) : ids);
  const folded = ids.length - kept.size;
  const nodes: GraphNode[] = [...kept].flatMap((id) => {
    const end = ends.get(id);
    return end ? { ...end, ...(traffic.get(id) ?? NONE) } : [];
  });
  if (folded === 0) return { nodes: bySize(nodes), edges };
  const fewer = fold(edges, kept);
  const rest = trafficOf(fewer).get(FOLDED) ?? NONE;
  const name = `${folded} others`;
  const node: GraphNode = { id: FOLDED, kind: 'folded', name, namespace: '-', ...rest };
  return { nodes: bySize([...nodes, node]), edges: fewer };
}

const NONE = { send: 0, receive: 0 };

/**
 * A pod's bytes to a service are those that the pods behind it report of that pod, if they report. Where service and workload
 * have one name, and so are one node, the larger of the two sums is drawn.
 */
function gathered(rows: readonly Row[], by: Grouping) {
  const ends = new Map<string, End>();
  const pairs = new Map<string, { from: string; to: string; direct: number; service: number }>();
  const add = (from: End, to: End, way: 'direct' | 'service', rate: number) => {
    if (from.id === to.id || rate <= 0) return;
    const id = `${from.id}\n${to.id}`;
    const pair = pairs.get(id) ?? { from: from.id, to: to.id, direct: 0, service: 0 };
    pair[way] += rate;
    pairs.set(id, pair);
  };
  for (const row of rows) {
    const [own, peer] = [ownEnd(row, by), peerEnd(row, by)];
    ends.set(own.id, own);
    if (peer.kind !== 'service' || !ends.has(peer.id)) ends.set(peer.id, peer);
    const way = row.peer_kind === 'service' ? 'service' : 'direct';
    add(own, peer, way, row.mean10.send);
    add(peer, own, way, row.mean10.receive);
  }
  const edges = [...pairs].map(([id, { from, to, direct, service }]): GraphEdge => {
    return { id, from, to, rate: Math.max(direct, service) };
  });
  return { ends, edges };
}

function trafficOf(edges: readonly GraphEdge[]) {
  const traffic = new Map<string, { send: number; receive: number }>();
  const of = (id: string) => {
    const known = traffic.get(id) ?? { send: 0, receive: 0 };
    traffic.set(id, known);
    return known;
  };
  for (const { from, to, rate } of edges) {
    of(from).send += rate;
    of(to).receive += rate;
  }
  return traffic;
}

function fold(edges: readonly GraphEdge[], kept: ReadonlySet<string>): GraphEdge[] {
  const sums = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const from = kept.has(edge.from) ? edge.from : FOLDED;
    const to = kept.has(edge.to) ? edge.to : FOLDED;
    if (from === to) continue;
    const id = `${from}\n${to}`;
    sums.set(id, { id, from, to, rate: edge.rate + (sums.get(id)?.rate ?? 0) });
  }
  return [...sums.values()];
}

function bySize(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.toSorted((a, b) => b.send + b.receive - a.send - a.receive);
}
