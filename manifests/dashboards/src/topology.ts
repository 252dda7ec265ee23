import {
  EdgeOptionsBuilder,
  NodeOptionsBuilder,
  PanelBuilder,
} from '@grafana/grafana-foundation-sdk/nodegraph';
import { dashboard } from './frame.ts';
import { chosen, IN_CLUSTER, named, NOT_OBSERVED, SOURCE } from './query.ts';
import { cluster, some } from './variables.ts';

const where = chosen('cluster', 'namespace', 'workload', 'node');

const WORKLOAD = '$tag_namespace/$tag_workload';
const PEER_WORKLOAD = '$tag_peer_namespace/$tag_peer_workload';
const SERVICE = '$tag_peer_namespace/$tag_peer (service)';
const PEER = '$tag_peer ($tag_peer_kind)';

/** The name of a figure says what edge it is, in words that the transformation below takes apart. */
function edges(
  refId: string,
  [source, target]: readonly [string, string],
  options: { field: string; kinds: string; by: readonly string[] },
) {
  const { field, kinds, by } = options;
  return named(refId, {
    select: `sum("${field}") AS "bytes"`,
    from: 'nstat',
    // A row may have bytes of the other direction alone, which would be an edge of nothing.
    where: [...where, kinds, `"${field}" > 0`],
    by: ['namespace', 'workload', ...by],
    alias: `id="${source} > ${target}" source="${source}" target="${target}"`,
  });
}

const graph = new PanelBuilder()
  .title('From workload to workload')
  .description(
    'Each byte is on one edge. Counted where it is sent: requests go from the client’s workload to the service, answers from the service’s pods to the client’s workload. What nodes and outside hosts send is counted where it is received. The 750 edges with the most bytes.',
  )
  .datasource(SOURCE)
  .span(24)
  .height(24)
  .targets([
    edges('edges', [WORKLOAD, PEER_WORKLOAD], {
      field: 'sentBytes',
      kinds: `"peer_kind" = 'pod'`,
      by: ['peer_namespace', 'peer_workload'],
    }),
    edges('services', [WORKLOAD, SERVICE], {
      field: 'sentBytes',
      kinds: `"peer_kind" = 'service'`,
      by: ['peer_namespace', 'peer'],
    }),
    edges('out', [WORKLOAD, PEER], {
      field: 'sentBytes',
      kinds: IN_CLUSTER.replace('=~', '!~'),
      by: ['peer_kind', 'peer'],
    }),
    edges('in', [PEER, WORKLOAD], {
      field: 'receivedBytes',
      kinds: NOT_OBSERVED,
      by: ['peer_kind', 'peer'],
    }),
  ])
  .transformations([
    // All figures of all queries as one frame: a row for each, with its name and its value.
    { id: 'reduce', options: { reducers: ['sum'], mode: 'seriesToRows' } },
    { id: 'sortBy', options: { fields: {}, sort: [{ field: 'Total', desc: true }] } },
    // An edge has two nodes, and the panel takes 1500.
    { id: 'limit', options: { limitField: 750 } },
    { id: 'extractFields', options: { source: 'Field', format: 'kvp', replace: false } },
    {
      id: 'calculateField',
      options: {
        mode: 'reduceRow',
        reduce: { reducer: 'sum', include: ['Total'] },
        alias: 'mainstat',
        replaceFields: false,
      },
    },
    {
      id: 'organize',
      options: {
        excludeByName: { Field: true, Total: true },
        indexByName: { id: 0, source: 1, target: 2, mainstat: 3 },
        renameByName: {},
      },
    },
  ])
  .nodes(new NodeOptionsBuilder().mainStatUnit('decbytes'))
  .edges(new EdgeOptionsBuilder().mainStatUnit('decbytes'));

export const topology = dashboard({
  uid: 'topology',
  title: 'nstats / Topology',
  about: 'Which workload sends how much to which.',
  variables: [
    cluster(),
    some('namespace', 'nstat_pod', 'cluster'),
    some('workload', 'nstat_pod', 'cluster', 'namespace'),
    some('node', 'nstat_agent', 'cluster'),
  ],
  panels: [graph],
});
