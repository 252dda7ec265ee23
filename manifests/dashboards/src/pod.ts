import { dashboard } from './frame.ts';
import { drill } from './links.ts';
import { lines } from './panels.ts';
import { byPort } from './ports.ts';
import { chosen, overTime, rate, totals } from './query.ts';
import { table } from './tables.ts';
import { cluster, kinds, one, some } from './variables.ts';

const who = chosen('cluster', 'namespace', 'workload', 'pod');
const where = [...who, ...chosen('peer_kind')];
const OWN = 'This pod’s own rows: what it sent and received as its own interfaces saw it.';

const [sent, received] = (['sent', 'received'] as const).map((direction) =>
  lines({
    title: direction === 'sent' ? 'Sent to' : 'Received from',
    about: OWN,
    unit: 'bps',
    height: 11,
    targets: [
      overTime('A', {
        select: rate(`${direction}Bytes`),
        from: 'nstat',
        where,
        by: ['peer_kind', 'peer_namespace', 'peer'],
        alias: '$tag_peer_namespace/$tag_peer ($tag_peer_kind)',
      }),
    ],
  }),
) as [ReturnType<typeof lines>, ReturnType<typeof lines>];

const peers = table({
  title: 'Peers',
  about: `${OWN} Each interface and port has its own. The rates are those of the busiest window. The links lead to the peer’s own side, if it is a pod that nstats observes.`,
  unit: 'decbytes',
  width: 24,
  columns: [
    'peer_kind',
    'peer_namespace',
    'peer',
    'peer_workload',
    'peer_zone',
    'port',
    'interface',
    'sent',
    'received',
    'sent_peak',
    'received_peak',
  ],
  by: 'sent',
  units: { sent_peak: 'bps', received_peak: 'bps' },
  links: {
    peer_namespace: drill('Namespace', 'namespace', { namespace: 'peer_namespace' }),
    peer: drill('Pod', 'pod', { namespace: 'peer_namespace', pod: 'peer' }),
  },
  targets: [
    totals('A', {
      select:
        'sum("sentBytes") AS "sent", sum("receivedBytes") AS "received", max("sendRate") AS "sent_peak", max("receiveRate") AS "received_peak"',
      from: 'nstat',
      where,
      by: [
        'peer_kind',
        'peer_namespace',
        'peer',
        'peer_workload',
        'peer_zone',
        'port',
        'interface',
      ],
    }),
  ],
});

const balance = lines({
  title: 'By the kernel’s counters, and by peers',
  about:
    'The counters of the pod’s interfaces, and the sums of its rows by peer. Where the lines part, traffic could not be attributed. Where the counters do not have all, what the rows have more is added to them.',
  unit: 'bps',
  targets: [
    ['A', 'sentBytes', 'sent, kernel'],
    ['B', 'sentAttributed', 'sent, by peers'],
    ['C', 'receivedBytes', 'received, kernel'],
    ['D', 'receivedAttributed', 'received, by peers'],
  ].map(([refId = '', field = '', alias = '']) =>
    overTime(refId, { select: rate(field), from: 'nstat_pod', where: who, alias }),
  ),
});

const packets = lines({
  title: 'Packets, by the kernel’s counters',
  about: 'Of the pod’s interfaces, where a packet may be one of up to 64 KiB.',
  unit: 'pps',
  targets: [
    ['A', 'sentPackets', 'sent'],
    ['B', 'receivedPackets', 'received'],
  ].map(([refId = '', field = '', alias = '']) =>
    overTime(refId, {
      select: `sum("${field}") * 1000.0 / $__interval_ms`,
      from: 'nstat_pod',
      where: who,
      alias,
    }),
  ),
});

export const pod = dashboard({
  uid: 'pod',
  title: 'nstats / Pod',
  about: 'iftop of one pod, with a past.',
  variables: [
    cluster(),
    one('namespace', 'nstat_pod', 'cluster'),
    // With POD_DETAIL=workload all pods are called `-`.
    some('workload', 'nstat_pod', 'cluster', 'namespace'),
    one('pod', 'nstat_pod', 'cluster', 'namespace', 'workload'),
    kinds(),
  ],
  panels: [sent, received, peers, ...byPort({ about: OWN, where }), balance, packets],
});
