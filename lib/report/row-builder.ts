import { mergeByName } from '../accounting/merge.ts';
import { missing, uncounted } from '../accounting/missing.ts';
import { subjectOf } from '../capture/identity.ts';
import { encodeTraffic } from '../influx/line-protocol.ts';
import type { ClosedWindow, Edge, Peer, Traffic } from '../model.ts';
import { attribute, keyOf } from '../naming/attribute.ts';
import type { Directory } from '../naming/directory.ts';
import { sum } from '../sum.ts';
import { top } from './top.ts';

export interface RowBuilderConfig {
  readonly node: string;
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly peersPerPod: number;
  readonly peerDetail: 'pod' | 'workload';
}

/** Makes rows of what was captured of pods in a window: `Traffic` first, which is line protocol then. */
export class RowBuilder {
  readonly #config: RowBuilderConfig;
  readonly #directory: Pick<Directory, 'peer' | 'zoneOf'>;
  /** The edges that had rows of their own in the last window, by interface of a pod. */
  #kept = new Map<string, readonly Edge[]>();

  constructor(config: RowBuilderConfig, directory: Pick<Directory, 'peer' | 'zoneOf'>) {
    this.#config = config;
    this.#directory = directory;
  }

  /** `certain`: all that happened in the cluster by the end of the window has been reported. */
  build(
    pods: readonly ClosedWindow[],
    certain: boolean,
  ): { readonly traffic: readonly Traffic[]; readonly rows: readonly string[] } {
    const { node, interval } = this.#config;
    const traffic = mergeByName(pods).map((each) => this.#traffic(each, certain));
    this.#kept = new Map(traffic.map(({ pod, iface, edges }) => [subjectOf(pod, iface), edges]));
    const context = { node, interval, zone: this.#directory.zoneOf(node) };
    return { traffic, rows: traffic.flatMap((each) => encodeTraffic(each, context)) };
  }

  #traffic(
    { pod, iface, window }: Pick<ClosedWindow, 'pod' | 'iface' | 'window'>,
    certain: boolean,
  ): Traffic {
    const named = attribute(pod, window, (...what) => this.#peer(...what, certain));
    const limit = this.#config.peersPerPod;
    const kept = named.length > limit ? this.#kept.get(subjectOf(pod, iface)) : undefined;
    const edges = top(named, window.rest, limit, new Set(kept?.map(keyOf)));
    const attributed = {
      sent: sum(edges, ({ sent }) => sent),
      received: sum(edges, ({ received }) => received),
    };
    const { end, kernel, overloaded } = window;
    return {
      pod,
      iface,
      end,
      edges,
      attributed,
      kernel,
      uncounted: uncounted(window, attributed),
      missing: missing(window, attributed),
      overloaded,
      paused: window.paused !== undefined,
    };
  }

  #peer(...what: Parameters<Directory['peer']>): Peer {
    const peer = this.#directory.peer(...what);
    const byWorkload = this.#config.peerDetail === 'workload' && peer.kind === 'pod';
    return byWorkload ? { ...peer, name: peer.workload } : peer;
  }
}
