import type { Bytes, Edge, LocalPod, Pair, Peer, Window } from '../model.ts';

/**
 * Names the far end of every pair of a window and adds up what goes to the same peer. Bytes
 * become whole here, so that whatever is summed later is summed without rounding.
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

/** What tells one peer from another. */
export function keyOf({ kind, namespace, name, workload, zone }: Peer): string {
  return [kind, namespace, name, workload, zone].join('\n');
}

/**
 * On a device without a hardware address iftop takes every packet for one that leaves, so the
 * pod's address is the second of a pair when the packet arrived.
 */
function orient(pair: Pair, ips: readonly string[]): Pair {
  if (!ips.includes(pair.remote) || ips.includes(pair.local)) return pair;
  const { local, remote, sent, received } = pair;
  return { ...pair, local: remote, remote: local, sent: received, received: sent };
}

function whole<T extends Bytes>(bytes: T): T {
  return { ...bytes, sent: Math.round(bytes.sent), received: Math.round(bytes.received) };
}
