import type { Bytes, LocalPod, Pair } from '../model.ts';

type Sides = Pick<Pair, 'local' | 'remote'> & { readonly [direction in keyof Bytes]: unknown };

/**
 * Puts the pod's side first: the one with an address of the pod. iftop cannot tell which side is local if the interface has no
 * IP address, and has no hardware address or not the one of the packets: then it puts the two sides in any order, or takes
 * all packets for sent ones.
 */
export function orient<T extends Sides>(pair: T, ips: LocalPod['ips']): T {
  if (!ips.includes(pair.remote) || ips.includes(pair.local)) return pair;
  const { local, remote, sent, received } = pair;
  return { ...pair, local: remote, remote: local, sent: received, received: sent };
}
