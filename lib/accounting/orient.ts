import type { LocalPod } from '../model.ts';

/** Who talked to whom: `sent` is what `local` sent. */
interface Directed {
  readonly local: string;
  readonly remote: string;
  readonly sent: unknown;
  readonly received: unknown;
}

/**
 * Where iftop cannot tell which side is local (the interface has no hardware address, or packets bear another one, and it
 * has no address either) it puts the two in any order, or takes every packet for one that leaves. The pod's side is the
 * one with an address of the pod.
 */
export function orient<T extends Directed>(pair: T, ips: LocalPod['ips']): T {
  if (!ips.includes(pair.remote) || ips.includes(pair.local)) return pair;
  const { local, remote, sent, received } = pair;
  return { ...pair, local: remote, remote: local, sent: received, received: sent };
}
