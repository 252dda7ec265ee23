import type { Bytes, Edge, LocalPod, Peer, Window } from '../model.ts';
import { orient } from '../accounting/orient.ts';

/**
 * Names the far end of every pair of a window and adds up what goes to the same peer. Bytes are rounded here, so that later
 * sums need no rounding.
 */
export function attribute(
  pod: Pick<LocalPod, 'ips'>,
  window: Pick<Window, 'pairs'>,
  nameOf: (address: string, from: number, to: number) => Peer,
): Edge[] {
  const edges = new Map<string, Edge>();
  for (const pair of window.pairs) {
    const { remote, from, to, sent, received } = orient(pair, pod.ips);
    const peer = nameOf(remote, from, to);
    const key = keyOf(peer);
    const sum = edges.get(key);
    edges.set(key, {
      peer,
      sent: (sum?.sent ?? 0) + sent,
      received: (sum?.received ?? 0) + received,
    });
  }
  return [...edges.values()].map(whole).filter(({ sent, received }) => sent + received > 0);
}

/** The key of a peer: two peers with the same key are the same. */
export function keyOf({ kind, namespace, name, workload, zone }: Peer): string {
  return [kind, namespace, name, workload, zone].join('\n');
}

function whole<T extends Bytes>(bytes: T): T {
  return { ...bytes, sent: Math.round(bytes.sent), received: Math.round(bytes.received) };
}
