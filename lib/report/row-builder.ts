import { mergeByName } from '../accounting/merge.ts';
import { missing, uncounted } from '../accounting/missing.ts';
import { each } from '../bytes.ts';
import { type Context, encodeTraffic } from '../influx/line-protocol.ts';
import type { ClosedWindow, Edge, Peer, Traffic } from '../model.ts';
import { attribute, keyOf } from '../naming/attribute.ts';
import type { Directory } from '../naming/directory.ts';
import { sum } from '../sum.ts';
import { type AllTraffic, foldByWorkload, ownerOf } from './fold.ts';
import { top } from './top.ts';

export interface RowBuilderConfig extends Omit<Context, 'zone'> {
  readonly peersPerPod: number;
  readonly podDetail: 'pod' | 'workload';
  readonly peerDetail: 'pod' | 'workload';
}

/** What is known of a window of all pods. */
interface Built {
  /** By pod, before edges are limited or pods are folded. */
  readonly pods: readonly Traffic[];
  /** As the rows have it. */
  readonly traffic: readonly Traffic[];
  readonly rows: readonly string[];
}

/** Makes rows of what was captured of pods in a window: `Traffic` first, which is line protocol then. */
export class RowBuilder {
  readonly #config: RowBuilderConfig;
  readonly #directory: Pick<Directory, 'peer' | 'zoneOf'>;
  /** The edges that had rows of their own in the last window, by what their rows belong to. */
  #kept = new Map<string, readonly Edge[]>();

  constructor(config: RowBuilderConfig, directory: Pick<Directory, 'peer' | 'zoneOf'>) {
    this.#config = config;
    this.#directory = directory;
  }

  /** `certain`: all that happened in the cluster by the end of the window has been reported. */
  build(pods: readonly ClosedWindow[], certain: boolean): Built {
    const { podDetail, podLabels } = this.#config;
    const all = mergeByName(pods).map((each) => this.#traffic(each, certain));
    const wanted = podDetail === 'workload' ? foldByWorkload(all, podLabels) : all;
    const traffic = wanted.map((each) => this.#limited(each));
    this.#kept = new Map(traffic.map((each) => [ownerOf(each, podLabels), each.edges] as const));
    const context = { ...this.#config, zone: this.#directory.zoneOf(this.#config.node) };
    return { pods: all, traffic, rows: traffic.flatMap((each) => encodeTraffic(each, context)) };
  }

  #limited(all: AllTraffic): Traffic {
    const { peersPerPod, podLabels } = this.#config;
    // Nobody has to make way where there is room for all.
    const isFull = all.edges.length > peersPerPod;
    const kept = isFull ? this.#kept.get(ownerOf(all, podLabels)) : undefined;
    return { ...all, edges: top(all.edges, all.rest, peersPerPod, new Set(kept?.map(keyOf))) };
  }

  #traffic(
    { pod, iface, window }: Pick<ClosedWindow, 'pod' | 'iface' | 'window'>,
    certain: boolean,
  ): AllTraffic {
    const edges = attribute(pod, window, (...what) => this.#peer(...what, certain));
    const rest = each((of) => Math.round(window.rest[of]));
    const attributed = each((of) => rest[of] + sum(edges, (edge) => edge[of]));
    const { end, kernel, overloaded } = window;
    return {
      pod,
      iface,
      end,
      edges,
      rest,
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
