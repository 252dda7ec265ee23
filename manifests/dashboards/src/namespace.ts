import { dashboard } from './frame.ts';
import { drill } from './links.ts';
import { stacked } from './panels.ts';
import { byPort } from './ports.ts';
import { chosen, overTime, rate, totals } from './query.ts';
import { table } from './tables.ts';
import { cluster, kinds, one, some } from './variables.ts';

const where = chosen('cluster', 'namespace', 'workload', 'node', 'peer_kind');
const OWN =
  'The namespace’s own pods, each direction by itself. What they send to each other is in “sent” of one and in “received” of the other: do not add sent and received.';

/** The two directions, side by side, of the same groups. */
function directions(groups: string, by: readonly string[], alias: string) {
  return (['sent', 'received'] as const).map((direction) =>
    stacked({
      title: `${direction === 'sent' ? 'Sent' : 'Received'}, ${groups}`,
      about: OWN,
      unit: 'bps',
      targets: [
        overTime('A', { select: rate(`${direction}Bytes`), from: 'nstat', where, by, alias }),
      ],
    }),
  );
}

const select = 'sum("sentBytes") AS "sent", sum("receivedBytes") AS "received"';

const pods = table({
  title: 'Pods',
  about: OWN,
  unit: 'decbytes',
  columns: ['namespace', 'workload', 'pod', 'node', 'sent', 'received'],
  by: 'sent',
  links: {
    pod: drill('Pod', 'pod', { namespace: 'namespace', workload: 'workload', pod: 'pod' }),
  },
  targets: [
    totals('A', { select, from: 'nstat', where, by: ['namespace', 'workload', 'pod', 'node'] }),
  ],
});

const peers = table({
  title: 'Peers',
  about: `${OWN} The links lead to the peer’s own side, if it is a pod that nstats observes.`,
  unit: 'decbytes',
  columns: ['peer_kind', 'peer_namespace', 'peer', 'sent', 'received'],
  by: 'sent',
  links: {
    peer_namespace: drill('Namespace', 'namespace', { namespace: 'peer_namespace' }),
    peer: drill('Pod', 'pod', { namespace: 'peer_namespace', pod: 'peer' }),
  },
  targets: [
    totals('A', { select, from: 'nstat', where, by: ['peer_kind', 'peer_namespace', 'peer'] }),
  ],
});

export const namespace = dashboard({
  uid: 'namespace',
  title: 'nstats / Namespace',
  about: 'The workloads and pods of a namespace, and whom they talk to.',
  variables: [
    cluster(),
    one('namespace', 'nstat_pod', 'cluster'),
    some('workload', 'nstat_pod', 'cluster', 'namespace'),
    some('node', 'nstat_pod', 'cluster', 'namespace'),
    kinds(),
  ],
  panels: [
    ...directions('by workload', ['workload'], '$tag_workload'),
    ...directions(
      'by peer',
      ['peer_kind', 'peer_namespace'],
      '$tag_peer_namespace ($tag_peer_kind)',
    ),
    // With POD_DETAIL=workload all pods are called `-`.
    ...directions('by pod', ['pod', 'workload'], '$tag_pod ($tag_workload)'),
    pods,
    peers,
    ...byPort({ about: OWN, where }),
  ],
});
