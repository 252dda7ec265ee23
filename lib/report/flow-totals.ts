import type { Bytes, Edge } from '../model.ts';

/** No namespace can have this name. */
const OVERFLOW = '_other';
/** So many pairs of namespaces are counted apart. */
const PAIRS = 1000;

interface Pair {
  /** Namespace, kind of the peer, namespace of the peer. */
  readonly labels: readonly [string, string, string];
  readonly bytes: { sent: number; received: number };
}

/**
 * Bytes between namespaces since the start. Their number has a limit, since every new namespace makes new
 * pairs: all further pairs are counted as one, so the sum stays exact.
 */
export class FlowTotals {
  readonly #limit: number;
  readonly #pairs = new Map<string, Pair>();
  readonly #overflow: Pair = {
    labels: [OVERFLOW, OVERFLOW, OVERFLOW],
    bytes: { sent: 0, received: 0 },
  };

  constructor(limit = PAIRS) {
    this.#limit = limit;
  }

  add(namespace: string, { peer, sent, received }: Edge): void {
    const { bytes } = this.#pair([namespace, peer.kind, peer.namespace]);
    bytes.sent += sent;
    bytes.received += received;
  }

  *pairs(): Generator<{ readonly labels: readonly string[]; readonly bytes: Bytes }> {
    yield* this.#pairs.values();
    // From the first scrape on, so that Prometheus sees the first increase.
    yield this.#overflow;
  }

  #pair(labels: Pair['labels']): Pair {
    const key = labels.join('\n');
    const known = this.#pairs.get(key);
    if (known) return known;
    if (this.#pairs.size >= this.#limit) return this.#overflow;
    const pair = { labels, bytes: { sent: 0, received: 0 } };
    this.#pairs.set(key, pair);
    return pair;
  }
}
