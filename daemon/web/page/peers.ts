import type { View } from '../../../lib/top/view.ts';
import { ALL, type Choice, seen } from './choice.ts';
import { type End, ownEnd, peerEnd } from './ends.ts';

/** Bit/s, the mean of ten seconds. */
export interface PeerSum {
  readonly end: End;
  readonly send: number;
  readonly receive: number;
}

/** With whom what is chosen has the most traffic; of all traffic the workloads that have most. */
export function largestPeers(views: readonly View[], choice: Choice, most: number): PeerSum[] {
  const { isOwn, views: chosen } = seen(views, choice);
  const sums = new Map<string, PeerSum>();
  for (const view of chosen) {
    const isPeer = isOwn && choice.key !== ALL.key;
    const end = isPeer ? peerEnd(view, 'workload') : ownEnd(view, 'workload');
    const known = sums.get(end.id) ?? { send: 0, receive: 0 };
    const { send, receive } = view.mean10;
    sums.set(end.id, { end, send: known.send + send, receive: known.receive + receive });
  }
  return [...sums.values()]
    .sort((a, b) => b.send + b.receive - a.send - a.receive || (a.end.id < b.end.id ? -1 : 1))
    .slice(0, most);
}
