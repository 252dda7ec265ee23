import { sum } from '../sum.ts';
import { SeriesCount } from '../influx/series-count.ts';
import type { Bytes, Missing, Peer, Traffic, Window } from '../model.ts';
import { FlowTotals } from './flow-totals.ts';
import { podsOf } from '../capture/identity.ts';

/** More series than that are not counted. */
const SERIES = 100_000;
const KINDS = ['pod', 'service', 'node', 'external', 'other', 'unknown'] as const;

interface Sum {
  sent: number;
  received: number;
}

/** A window of all pods of the node. */
export interface NamedWindow {
  /** Milliseconds since 1970. */
  readonly end: number;
  readonly traffic: readonly Traffic[];
  /** Windows of pods that the API never told. */
  readonly unknown: readonly Pick<Window, 'kernel'>[];
  /** It had to wait for the cluster to be followed. */
  readonly late: boolean;
  /** All that was heard of the cluster was heard in time. */
  readonly certain: boolean;
  /** In line protocol. */
  readonly rows: readonly string[];
}

/** What all windows since the start add up to, in bytes unless said. */
export class Totals {
  /** A number of windows. */
  windows = 0;
  late = 0;
  /** End of the last window, in milliseconds since 1970. */
  end: number | undefined;
  readonly kernel = { sent: 0, received: 0 };
  readonly uncounted = { sent: 0, received: 0 };
  /** A number of pods, of the last window. */
  uncountedPods = 0;
  /** By the kind of the peer: each is there from the start, so that its first increase is seen. */
  readonly attributed: ReadonlyMap<Peer['kind'], Sum> = new Map(
    KINDS.map((kind) => [kind, { sent: 0, received: 0 }]),
  );
  readonly missing = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
  stale = 0;
  unnamed = 0;
  /** Undefined if they are not wanted. */
  readonly flows: FlowTotals | undefined;
  readonly #series = new SeriesCount(SERIES);

  constructor(flows: 'none' | 'namespace') {
    this.flows = flows === 'namespace' ? new FlowTotals() : undefined;
  }

  /** Distinct series that were written, counted up to 100 000. */
  get series(): number {
    return this.#series.size;
  }

  /** The sums, as they are told in rows. */
  get sums() {
    return {
      kernel: size(this.kernel),
      uncounted: size(this.uncounted),
      attributed: sum(this.attributed.values(), size),
      uncaptured: this.missing.uncaptured,
      overload: this.missing.overload,
      paused: this.missing.paused,
      other: this.missing.other,
      stale: this.stale,
      unnamed: this.unnamed,
    };
  }

  add({ end, traffic, unknown, late, certain, rows }: NamedWindow): void {
    this.windows += 1;
    if (late) this.late += 1;
    this.end = end;
    this.uncountedPods = podsOf(traffic.filter(({ uncounted }) => size(uncounted) > 0));
    for (const each of traffic) this.#add(each, certain);
    for (const { kernel } of unknown) this.unnamed += size(kernel);
    this.#series.add(rows);
  }

  #add({ pod, kernel, uncounted, edges, attributed, missing }: Traffic, certain: boolean): void {
    if (kernel) increase(this.kernel, kernel);
    increase(this.uncounted, uncounted);
    for (const reason of Object.keys(missing) as (keyof Missing)[])
      this.missing[reason] += missing[reason];
    if (!certain) this.stale += size(attributed);
    for (const edge of edges) {
      const sum = this.attributed.get(edge.peer.kind);
      if (sum) increase(sum, edge);
      this.flows?.add(pod.namespace, edge);
    }
  }
}

function increase(sum: Sum, { sent, received }: Bytes): void {
  sum.sent += sent;
  sum.received += received;
}

function size(bytes: Bytes | undefined): number {
  return bytes ? bytes.sent + bytes.received : 0;
}
