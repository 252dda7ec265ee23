import type { Bytes, Edge, LocalPod, Peer, Window } from '../model.ts';
import { orient } from '../accounting/orient.ts';

/**
 * Names the far end of every pair of a window and adds up what goes to the same peer and port. Bytes are rounded here, so
 * that later sums need no rounding.
 */
export function attribute(
  pod: Pick<LocalPod, 'ips'>,
  window: Pick<Window, 'pairs'>,
  nameOf: (address: string, from: number, to: number) => Peer,
): Edge[] {
  const edges = new Map<string, Edge>();
  for (const pair of window.pairs) {
    const { remote, port, from, to, sent, received } = orient(pair, pod.ips);
    const peer = nameOf(remote, from, to);
    const end = { peer, ...(port !== undefined && { port }) };
    const key = keyOf(end);
    const sum = edges.get(key);
    edges.set(key, {
      ...end,
      sent: (sum?.sent ?? 0) + sent,
      received: (sum?.received ?? 0) + received,
    });
  }
  return [...edges.values()].map(whole).filter(({ sent, received }) => sent + received > 0);
}

/** The key of the far end of an edge: two edges with the same key are one series. */
export function keyOf({ peer, port = '-' }: Pick<Edge, 'peer' | 'port'>): string {
  const { kind, namespace, name, workload, zone, scope } = peer;
  return [kind, namespace, name, workload, zone, scope, port].join('\n');
}

function whole<T extends Bytes>(bytes: T): T {
  return { ...bytes, sent: Math.round(bytes.sent), received: Math.round(bytes.received) };
}
