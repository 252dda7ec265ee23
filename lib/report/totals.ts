import { SeriesCount } from '../influx/series-count.ts';
import type { Bytes, Missing, Peer, Traffic, Window } from '../model.ts';
import { bothDirections } from './both-directions.ts';
import { type FlowDetail, FlowTotals } from './flow-totals.ts';
import { podsOf } from '../capture/identity.ts';

/** More series are not counted. */
const SERIES = 100_000;
const KINDS = ['pod', 'service', 'node', 'external', 'other', 'unknown'] as const;

interface Sum {
  sent: number;
  received: number;
}

/** A window of all pods of the node, after its peers were named. */
export interface NamedWindow {
  /** Milliseconds since 1970. */
  readonly end: number;
  /** By pod. */
  readonly pods: readonly Traffic[];
  /** As it was written. */
  readonly traffic: readonly Traffic[];
  /** Windows of pods that the API server never reported. */
  readonly unknown: readonly Pick<Window, 'kernel'>[];
  /** The window waited for the cluster to be followed again. */
  readonly late: boolean;
  /** All that happened in the cluster by the end of the window has been reported. */
  readonly certain: boolean;
  /** In line protocol. */
  readonly rows: readonly string[];
}

/** What all windows since the start add up to, in bytes unless another unit is named. */
export class Totals {
  /** Numbers of windows: all, and those that waited for the cluster to be followed again. */
  windows = 0;
  late = 0;
  /** End of the last window, in milliseconds since 1970. */
  end: number | undefined;
  readonly kernel = { sent: 0, received: 0 };
  readonly uncounted = { sent: 0, received: 0 };
  /** Number of pods of the last window that had uncounted bytes. */
  uncountedPods = 0;
  /** By the kind of the peer. Each kind is there from the start, so that Prometheus sees its first increase. */
  readonly attributed: ReadonlyMap<Peer['kind'], Sum> = new Map(
    KINDS.map((kind) => [kind, { sent: 0, received: 0 }]),
  );
  readonly missing = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
  /** Attributed bytes of windows that were not certain. */
  stale = 0;
  unknownPod = 0;
  /** Undefined unless FLOW_METRICS asks for them. */
  readonly flows: FlowTotals | undefined;
  readonly #series = new SeriesCount(SERIES);

  constructor(flows: 'none' | FlowDetail) {
    this.flows = flows === 'none' ? undefined : new FlowTotals(flows);
  }

  /** Distinct series that were written, counted up to `SERIES`. */
  get series(): number {
    return this.#series.size;
  }

  add({ end, pods, traffic, unknown, late, certain, rows }: NamedWindow): void {
    this.windows += 1;
    if (late) this.late += 1;
    this.end = end;
    this.uncountedPods = podsOf(pods.filter(({ uncounted }) => bothDirections(uncounted) > 0));
    for (const each of traffic) this.#add(each, certain);
    for (const { kernel } of unknown) this.unknownPod += kernel ? bothDirections(kernel) : 0;
    this.#series.add(rows);
  }

  #add({ pod, kernel, uncounted, edges, attributed, missing }: Traffic, certain: boolean): void {
    if (kernel) increase(this.kernel, kernel);
    increase(this.uncounted, uncounted);
    for (const reason of Object.keys(missing) as (keyof Missing)[])
      this.missing[reason] += missing[reason];
    if (!certain) this.stale += bothDirections(attributed);
    for (const edge of edges) {
      const sum = this.attributed.get(edge.peer.kind);
      if (sum) increase(sum, edge);
      this.flows?.add(pod, edge);
    }
  }
}

function increase(sum: Sum, { sent, received }: Bytes): void {
  sum.sent += sent;
  sum.received += received;
}
