import { nameless } from '../../../lib/naming/directory.ts';
import { attribute, keyOf } from '../../../lib/naming/attribute.ts';
import { type AllTraffic, foldByWorkload } from '../../../lib/report/fold.ts';
import { top } from '../../../lib/report/top.ts';
import type { LocalPod, Pair, Peer, Traffic } from '../../../lib/model.ts';
import { Random } from '../../lab/random.ts';

/** How the traffic of the node is made up. */
export const PARAMETERS = {
  pods: 110,
  /** Whom a pod talks to: some workloads and all of their replicas, services, outside networks, nodes. */
  talksTo: { workloads: 6, replicas: 4, services: 8, external: 6, nodes: 2 },
  /** Bytes of the first of them in a window; the nth has a part of 1/n, and is in a part of 1/√n of the windows. */
  most: 1_000_000,
  peersPerPod: 50,
  /** In some of the tables so many of the pods live for this time, and are made again then. */
  short: { pods: 20, minutes: 10 },
} as const;
/** From window to window, a pair has between a quarter and four times its bytes. */
const SPREAD = 2;
const PACKET = 800;
const SEED = 1;
const NOTHING = { sent: 0, received: 0 };

type Detail = 'pod' | 'workload';

/** What the rows are made by. */
export interface Variant {
  readonly peerDetail: Detail;
  readonly podDetail: Detail;
  /** Some pods are made again and again. */
  readonly short: boolean;
}

interface Talker {
  readonly pod: LocalPod;
  /** The first has the most bytes, of which each replica has its share. */
  readonly talksTo: readonly (readonly Peer[])[];
}

/** A node of busy pods; the same seed makes the same traffic, whatever peers are called. */
export class SyntheticNode {
  readonly #random = new Random(SEED);
  readonly #talkers: readonly Talker[];
  readonly #variant: Variant;
  /** By the name of a pod, or of a workload. */
  #kept = new Map<string, ReadonlySet<string>>();

  constructor(variant: Variant) {
    this.#variant = variant;
    this.#talkers = Array.from({ length: PARAMETERS.pods }, (_, nth) => this.#talker(nth));
  }

  /** A window of every pod, named and bounded as the daemon does it. */
  window(start: number, end: number): Traffic[] {
    const all = this.#talkers.map((talker, nth) => this.#traffic(talker, nth, start, end));
    const wanted = this.#variant.podDetail === 'workload' ? foldByWorkload(all, []) : all;
    return wanted.map((each) => {
      const owner = `${each.pod.workload} ${each.pod.name}`;
      const edges = top(each.edges, each.rest, PARAMETERS.peersPerPod, this.#kept.get(owner));
      this.#kept.set(owner, new Set(edges.map(keyOf)));
      return { ...each, edges };
    });
  }

  #traffic(talker: Talker, nth: number, start: number, end: number): AllTraffic {
    const pairs = this.#pairs(talker, start, end);
    const edges = attribute(talker.pod, { pairs }, (address) => this.#named(talker, address));
    const sent = edges.reduce((sum, edge) => sum + edge.sent, 0);
    const received = edges.reduce((sum, edge) => sum + edge.received, 0);
    return {
      pod: this.#lives(talker.pod, nth, start),
      iface: 'eth0',
      end,
      edges,
      rest: NOTHING,
      attributed: { sent, received },
      kernel: {
        sent,
        received,
        sentPackets: Math.ceil(sent / PACKET),
        receivedPackets: Math.ceil(received / PACKET),
      },
      uncounted: NOTHING,
      missing: { uncaptured: 0, overload: 0, paused: 0, other: 0 },
      overloaded: false,
      paused: false,
    };
  }

  /** The pod as it is called in a window. */
  #lives(pod: LocalPod, nth: number, start: number): LocalPod {
    const { pods, minutes } = PARAMETERS.short;
    if (!this.#variant.short || nth >= pods) return pod;
    const life = Math.floor(start / (minutes * 60_000));
    return { ...pod, name: `${pod.name.slice(0, -3)}${(life % 46_656).toString(36)}` };
  }

  /** Addresses are the peers' places. */
  #pairs({ talksTo }: Talker, from: number, to: number): Pair[] {
    return talksTo.flatMap((replicas, rank) => {
      const there = this.#random.between(0, 1) < 1 / Math.sqrt(rank + 1);
      const mean = PARAMETERS.most / (rank + 1) / replicas.length;
      const bytes = () => mean * 2 ** this.#random.between(-SPREAD, SPREAD);
      const pairs = replicas.map((_, replica) => {
        return {
          local: '-',
          remote: `${rank} ${replica}`,
          from,
          to,
          sent: bytes(),
          received: bytes(),
        };
      });
      return there ? pairs : [];
    });
  }

  #named({ talksTo }: Talker, address: string): Peer {
    const [rank = NaN, replica = NaN] = address.split(' ').map(Number);
    const peer = talksTo[rank]?.[replica];
    if (!peer) throw new Error(`no peer ${address}`);
    const byWorkload = this.#variant.peerDetail === 'workload' && peer.kind === 'pod';
    return byWorkload ? { ...peer, name: peer.workload } : peer;
  }

  #talker(nth: number): Talker {
    const { name, namespace, workload } = this.#pod(nth % 200, nth);
    const uid = `${nth}`;
    const labels = { team: namespace, 'app.kubernetes.io/name': `app-${nth}` };
    const pod = { uid, cgroupUid: uid, namespace, name, workload, labels, ips: [] };
    const { workloads, replicas, services, external, nodes } = PARAMETERS.talksTo;
    const talksTo: (readonly Peer[])[] = [
      ...times(workloads, () => this.#replicas(this.#number(200), replicas)),
      ...times(services, () => [this.#service(this.#number(200))]),
      ...times(external, () => [nameless('external', `198.51.${this.#number(256)}.0/24`)]),
      ...times(nodes, () => [nameless('node', `worker-${this.#number(50)}`)]),
    ];
    const ranked = talksTo.map((peers) => ({ peers, rank: this.#random.between(0, 1) }));
    const sorted = ranked.sort((a, b) => a.rank - b.rank).map(({ peers }) => peers);
    return { pod, talksTo: sorted };
  }

  #replicas(app: number, count: number): Peer[] {
    return times(count, (replica) => ({ kind: 'pod', ...this.#pod(app, replica) }));
  }

  #pod(app: number, replica: number): Omit<Peer, 'kind'> {
    const hash = (0x6cd5_9760 + app * 7919).toString(36);
    const zone = replica % 3;
    return {
      namespace: `team-${app % 20}`,
      name: `app-${app}-${hash}-${(20_000 + replica * 977).toString(36).padStart(5, 'x')}`,
      workload: `Deployment/app-${app}`,
      zone: `zone-${zone}`,
      scope: zone === 1 ? 'zone' : 'cross-zone',
    };
  }

  #service(app: number): Peer {
    return { ...nameless('service', `app-${app}`), namespace: `team-${app % 20}` };
  }

  #number(below: number): number {
    return Math.floor(this.#random.between(0, below));
  }
}

function times<T>(count: number, make: (nth: number) => T): T[] {
  return Array.from({ length: count }, (_, nth) => make(nth));
}
