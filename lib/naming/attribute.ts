import type { Edge, LocalPod, Peer, Window } from '../model.ts';
import { orient } from '../accounting/orient.ts';
import { oncePerPeer } from './once-per-peer.ts';

/** An edge that is added to in place. */
type Growing = { -readonly [field in keyof Edge]: Edge[field] };

/**
 * Names the far end of every pair of a window and adds up what goes to the same peer and port. Bytes are rounded here, so
 * that later sums need no rounding.
 */
export function attribute(
  pod: Pick<LocalPod, 'ips'>,
  window: Pick<Window, 'pairs'>,
  nameOf: (address: string, from: number, to: number) => Peer,
): Edge[] {
  const edges = new Map<string, Growing>();
  for (const pair of window.pairs) {
    // Again, since the pod may have been captured before the API server reported its addresses.
    const { remote, port, from, to, sent, received } = orient(pair, pod.ips);
    const peer = nameOf(remote, from, to);
    const edge = port === undefined ? { peer, sent, received } : { peer, port, sent, received };
    const key = keyOf(edge);
    const known = edges.get(key);
    if (known) {
      known.sent += sent;
      known.received += received;
    } else edges.set(key, edge);
  }
  for (const edge of edges.values()) {
    edge.sent = Math.round(edge.sent);
    edge.received = Math.round(edge.received);
  }
  return [...edges.values()].filter(({ sent, received }) => sent + received > 0);
}

/** The key of the far end of an edge: two edges with the same key are one series. */
export function keyOf({ peer, port = '-' }: Pick<Edge, 'peer' | 'port'>): string {
  return `${peerKey(peer)}\n${port}`;
}

const peerKey = oncePerPeer(({ kind, namespace, name, workload, zone, scope }) =>
  [kind, namespace, name, workload, zone, scope].join('\n'),
);
