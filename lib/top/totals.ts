import { sum } from '../sum.ts';
import type { View } from './view.ts';

/** Bit/s. */
export interface Totals {
  /** What the pods send and receive: what passes between two of them is in both. */
  readonly send: number;
  readonly receive: number;
  /** Each byte once. */
  readonly once: number;
}

/**
 * A byte counts where it is sent, and where it is received only if its sender does not report (docs/data-model.md). What comes
 * from a service is sent by pods, which report if the agents of all nodes do.
 */
export function totals(views: readonly View[], isComplete: boolean): Totals {
  const reporting = podsByNamespace(views);
  const isReported = ({ peer_kind, peer_namespace, peer }: View) => {
    if (peer_kind === 'pod') return reporting.get(peer_namespace)?.has(peer) ?? false;
    return isComplete && peer_kind !== 'node' && peer_kind !== 'external';
  };
  const send = sum(views, ({ now }) => now.send);
  const receive = sum(views, ({ now }) => now.receive);
  const others = views.filter((view) => !isReported(view));
  return { send, receive, once: send + sum(others, ({ now }) => now.receive) };
}

function podsByNamespace(views: readonly View[]): ReadonlyMap<string, ReadonlySet<string>> {
  const namespaces = new Map<string, Set<string>>();
  for (const { namespace, pod } of views) {
    const pods = namespaces.get(namespace);
    if (pods) pods.add(pod);
    else namespaces.set(namespace, new Set([pod]));
  }
  return namespaces;
}
