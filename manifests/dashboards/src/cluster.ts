import { dashboard } from './frame.ts';
import { drill } from './links.ts';
import { bars, figure, lines, stacked } from './panels.ts';
import { chosen, IN_CLUSTER, named, NOT_OBSERVED, overTime, rate, totals } from './query.ts';
import { matrix, table } from './tables.ts';
import { cluster as clusters, some } from './variables.ts';

const where = chosen('cluster', 'namespace', 'node');
const SENDERS =
  'Counted where it is sent: what a pod sends to another is in the sender’s rows here, and what the other received is left out.';

const everything = bars({
  title: 'All traffic, by where it goes',
  about: `${SENDERS} What nodes and outside hosts send has no sender’s row, and is counted where it is received. So each byte is here once, and the bars add up to all that was carried.`,
  unit: 'decbytes',
  targets: [
    named('A', {
      select: 'sum("sentBytes") AS "bytes"',
      from: 'nstat',
      where,
      by: ['peer_kind'],
      alias: 'to $tag_peer_kind',
    }),
    named('B', {
      select: 'sum("receivedBytes") AS "bytes"',
      from: 'nstat',
      where: [...where, NOT_OBSERVED],
      by: ['peer_kind'],
      alias: 'from $tag_peer_kind',
    }),
  ],
});

const attributed = figure({
  title: 'Attributed of what the kernel counted',
  about:
    'The sum of all rows by peer over the sum of the interface counters of the same pods, both directions. Some tenths of a percent below 100 % are usual.',
  unit: 'percentunit',
  height: 9,
  targets: [
    totals('A', {
      select:
        '(sum("sentAttributed") + sum("receivedAttributed")) / (sum("sentBytes") + sum("receivedBytes")) AS "attributed"',
      from: 'nstat_pod',
      where,
    }),
  ],
}).decimals(2);

const talkers = stacked({
  title: 'Sent, by namespace',
  about: 'What the pods of a namespace sent, to whomever: the sum of their rows by peer.',
  unit: 'bps',
  targets: [
    overTime('A', {
      select: rate('sentAttributed'),
      from: 'nstat_pod',
      where,
      by: ['namespace'],
      alias: '$tag_namespace',
    }),
  ],
});

const border = lines({
  title: 'Out of the cluster and into it',
  about:
    'Peers of kind external. Only the pod’s end is observed, so both directions are the pod’s own: out is what pods sent, in is what they received.',
  unit: 'bps',
  points: 50,
  targets: [
    overTime('A', {
      select: rate('sentBytes'),
      from: 'nstat',
      where: [...where, `"peer_kind" = 'external'`],
      alias: 'out',
    }),
    overTime('B', {
      select: rate('receivedBytes'),
      from: 'nstat',
      where: [...where, `"peer_kind" = 'external'`],
      alias: 'in',
    }),
  ],
});

const namespaces = matrix({
  title: 'From namespace (rows) to namespace (columns)',
  about: `${SENDERS} A request to a service is sent by the client to the service’s namespace, its answer by the service’s pod to the client’s.`,
  unit: 'decbytes',
  from: 'namespace',
  to: 'peer_namespace',
  value: 'sent',
  targets: [
    totals('A', {
      select: 'sum("sentBytes") AS "sent"',
      from: 'nstat',
      where: [...where, IN_CLUSTER],
      by: ['namespace', 'peer_namespace'],
    }),
  ],
});

const zones = matrix({
  title: 'From zone (rows) to zone (columns)',
  about: `${SENDERS} What goes to a service is under “-”: the client cannot see in which zone it ends. The answers, sent from pod to pod, have both zones.`,
  unit: 'decbytes',
  from: 'zone',
  to: 'peer_zone',
  value: 'sent',
  targets: [
    totals('A', {
      select: 'sum("sentBytes") AS "sent"',
      from: 'nstat',
      where: [...where, IN_CLUSTER],
      by: ['zone', 'peer_zone'],
    }),
  ],
});

const pods = table({
  title: 'Top talkers',
  about:
    'The 50 pods that sent the most, by the counters of their own interfaces. What one pod sent another received: do not add the two columns.',
  unit: 'decbytes',
  columns: ['namespace', 'workload', 'pod', 'node', 'sent', 'received'],
  by: 'sent',
  limit: 50,
  links: {
    namespace: drill('Namespace', 'namespace', { namespace: 'namespace' }),
    pod: drill('Pod', 'pod', { namespace: 'namespace', workload: 'workload', pod: 'pod' }),
  },
  targets: [
    totals('A', {
      select: 'sum("sentBytes") AS "sent", sum("receivedBytes") AS "received"',
      from: 'nstat_pod',
      where,
      by: ['namespace', 'workload', 'pod', 'node'],
    }),
  ],
});

const outside = table({
  title: 'Outside networks',
  about: 'What pods sent to addresses outside of the cluster, and received from them.',
  unit: 'decbytes',
  columns: ['namespace', 'peer', 'sent', 'received'],
  by: 'received',
  limit: 50,
  links: { namespace: drill('Namespace', 'namespace', { namespace: 'namespace' }) },
  targets: [
    totals('A', {
      select: 'sum("sentBytes") AS "sent", sum("receivedBytes") AS "received"',
      from: 'nstat',
      where: [...where, `"peer_kind" = 'external'`],
      by: ['namespace', 'peer'],
    }),
  ],
});

export const cluster = dashboard({
  uid: 'cluster',
  title: 'nstats / Cluster',
  about: 'Who talks to whom in this cluster, and how much goes in and out.',
  variables: [
    clusters(),
    some('namespace', 'nstat_pod', 'cluster'),
    some('node', 'nstat_agent', 'cluster'),
  ],
  panels: [everything, attributed, talkers, border, namespaces, zones, pods, outside],
});
