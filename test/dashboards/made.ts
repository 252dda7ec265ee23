import { encodeTraffic } from '../../lib/influx/line-protocol.ts';
import type { Peer, Scope } from '../../lib/model.ts';

/** Who has a row, to whom, and how many bytes. */
export interface Made {
  readonly cluster: string;
  readonly team: string;
  readonly namespace: string;
  readonly workload: string;
  readonly pod: string;
  readonly peer: Peer;
  readonly sent: number;
  readonly received: number;
}

const LABELS = [{ key: 'team', tag: 'label_team' }];
const NONE = { uncaptured: 0, overload: 0, paused: 0, other: 0 };

/** The rows of `nstat` and `nstat_pod` for a window that ends then, in milliseconds. */
export function rowsOf(made: Made, end: number): string[] {
  const { cluster, team, namespace, workload, pod: name, peer, sent, received } = made;
  const pod = { uid: 'u', cgroupUid: 'u', namespace, name, workload, ips: [], labels: { team } };
  const bytes = { sent, received };
  return encodeTraffic(
    {
      pod,
      iface: 'eth0',
      end,
      edges: [{ peer, ...bytes }],
      attributed: bytes,
      kernel: undefined,
      uncounted: { sent: 0, received: 0 },
      missing: NONE,
      overloaded: false,
      paused: false,
    },
    { cluster, node: 'node-1', zone: 'a', interval: 10_000, podLabels: LABELS },
  );
}

/** The rows as they were before the tags cluster, scope and those of labels. */
export function before(rows: readonly string[]): string[] {
  return rows.map((row) => row.replace(/,(cluster|scope|label_team)=[^, ]*/g, ''));
}

type PeerKind = Peer['kind'];

/** The kinds of ways that there are to each kind of peer. */
const WAYS: { readonly [kind in PeerKind]: readonly Scope[] } = {
  pod: ['zone', 'cross-zone', 'cross-region', '-'],
  service: ['-'],
  node: ['zone', 'cross-zone', 'cross-region', '-'],
  external: ['internet', 'private', 'zone', 'cross-zone', 'cross-region', '-'],
  other: ['-'],
  unknown: ['-'],
};

/** Rows of two teams over every way to every kind of peer, with bytes of which no two sums are the same by chance. */
export function everyWay(cluster: string): Made[] {
  const pods = [
    { team: 'red', namespace: 'shop', workload: 'Deployment/web', pod: 'web-0' },
    { team: 'red', namespace: 'data', workload: 'Deployment/db', pod: 'db-0' },
    { team: 'blue', namespace: 'data', workload: 'Job/dump', pod: 'dump-0' },
  ];
  const peers = Object.entries(WAYS).flatMap(([kind, scopes]) =>
    scopes.map((scope) => peerOf(kind as PeerKind, scope)),
  );
  const all = pods.flatMap((pod) => peers.map((peer) => ({ cluster, ...pod, peer })));
  return all.map((row, index) => ({
    ...row,
    sent: 1_000_003 * (index + 1) ** 2,
    received: 1_000_033 * (index + 1) ** 3,
  }));
}

function peerOf(kind: PeerKind, scope: Scope): Peer {
  const isPod = kind === 'pod';
  return {
    kind,
    namespace: isPod ? 'far' : '-',
    name: `${kind} ${scope}`,
    workload: isPod ? `Deployment/${scope}` : '-',
    zone: '-',
    scope,
  };
}
