import type { Bytes, Edge, LocalPod } from '../model.ts';

/** No namespace can have this name. */
const OVERFLOW = '_other';
/** So many pairs are counted apart. */
const PAIRS = 1000;

/** The labels that tell one pair from another. */
export const FLOW_LABELS = {
  namespace: ['namespace', 'peer_kind', 'peer_namespace'],
  workload: ['namespace', 'workload', 'peer_kind', 'peer_namespace', 'peer', 'scope'],
} as const;
export type FlowDetail = keyof typeof FLOW_LABELS;

/** The values of these labels. */
const VALUES = {
  namespace: ({ namespace }: Named, { peer }: Edge) => [namespace, peer.kind, peer.namespace],
  workload: ({ namespace, workload }: Named, { peer }: Edge) => {
    const name = peer.kind === 'pod' ? peer.workload : peer.name;
    return [namespace, workload, peer.kind, peer.namespace, name, peer.scope];
  },
};

type Named = Pick<LocalPod, 'namespace' | 'workload'>;

interface Pair {
  readonly labels: readonly string[];
  readonly bytes: { sent: number; received: number };
}

/**
 * Bytes between namespaces, or between workloads and their peers, since the start. Their number has a limit, since every
 * new namespace or workload makes new pairs: all further pairs are counted as one, so the sum stays exact.
 */
export class FlowTotals {
  readonly detail: FlowDetail;
  readonly #limit: number;
  readonly #pairs = new Map<string, Pair>();
  readonly #overflow: Pair;

  constructor(detail: FlowDetail, limit = PAIRS) {
    [this.detail, this.#limit] = [detail, limit];
    this.#overflow = pair(FLOW_LABELS[detail].map(() => OVERFLOW));
  }

  add(pod: Named, edge: Edge): void {
    const { bytes } = this.#pair(VALUES[this.detail](pod, edge));
    bytes.sent += edge.sent;
    bytes.received += edge.received;
  }

  *pairs(): Generator<{ readonly labels: readonly string[]; readonly bytes: Bytes }> {
    yield* this.#pairs.values();
    // From the first scrape on, so that Prometheus sees the first increase.
    yield this.#overflow;
  }

  #pair(labels: readonly string[]): Pair {
    const key = labels.join('\n');
    const known = this.#pairs.get(key);
    if (known) return known;
    if (this.#pairs.size >= this.#limit) return this.#overflow;
    const added = pair(labels);
    this.#pairs.set(key, added);
    return added;
  }
}

function pair(labels: readonly string[]): Pair {
  return { labels, bytes: { sent: 0, received: 0 } };
}
