import type { Collection } from '../../lib/relay/collection.ts';
import type { Relay } from '../../lib/relay/relay.ts';
import type { RelayServer } from '../../lib/relay/server.ts';
import type { Sync } from '../../lib/kubernetes/sync.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import type { Labelled, Statistic } from '../../lib/report/statistics/statistic.ts';

export interface RelaySources {
  readonly relay: Pick<Relay, 'collections' | 'readers' | 'cutOff'>;
  readonly server: Pick<RelayServer, 'connections' | 'figures'>;
  readonly sync: Pick<Sync, 'states'>;
  readonly client: Pick<ApiClient, 'figures'>;
}

/** The figures of a relay. */
export const relayStatistics: readonly Statistic<RelaySources>[] = [
  {
    metric: 'nstats_relay_connections',
    help: 'Connections of agents.',
    read: ({ server }) => server.connections,
  },
  {
    metric: 'nstats_relay_turned_away_total',
    help: 'Connections that were closed at once, since the relay has as many as it can serve.',
    read: ({ server }) => server.figures.turnedAway,
  },
  {
    metric: 'nstats_relay_watches',
    help: 'Watches of agents, one for each resource that an agent follows.',
    read: ({ relay }) => relay.readers,
  },
  {
    metric: 'nstats_relay_requests_total',
    help: 'Requests of agents and others.',
    read: ({ server }) => server.figures.requests,
  },
  {
    metric: 'nstats_relay_refused_total',
    help: 'Requests without a valid token among these.',
    read: ({ server }) => server.figures.refused,
  },
  {
    metric: 'nstats_relay_sent_bytes_total',
    help: 'Bytes of answers, before TLS.',
    read: ({ server }) => server.figures.bytes,
  },
  {
    metric: 'nstats_relay_cut_off_total',
    help: 'Watches that were cut off, since their agents read too slowly.',
    read: ({ relay }) => relay.cutOff,
  },
  {
    metric: 'nstats_relay_objects',
    labels: ['resource'],
    help: 'Objects that are kept.',
    read: byResource(({ size }) => size),
  },
  {
    metric: 'nstats_relay_changes_total',
    labels: ['resource'],
    help: 'Changes that agents were told of.',
    read: byResource(({ told }) => told),
  },
  {
    metric: 'nstats_relay_suppressed_changes_total',
    labels: ['resource'],
    help: 'Changes at the API server that alter nothing for agents, and that they were not told of.',
    read: byResource(({ suppressed }) => suppressed),
  },
  {
    metric: 'nstats_relay_history_bytes',
    labels: ['resource'],
    help: 'Bytes of changes that are kept for agents that come back.',
    read: byResource(({ log }) => log.bytes),
  },
  {
    metric: 'nstats_relay_followed',
    labels: ['resource'],
    help: '1 if changes come from the API server as they happen.',
    read: ({ sync }) =>
      sync.states.map(({ resource, followed }) => [[resource], followed ? 1 : 0] as const),
  },
  {
    metric: 'nstats_relay_heard_timestamp_seconds',
    labels: ['resource'],
    help: 'When the API server sent something of the resource last, be it a bookmark.',
    read: ({ sync }) =>
      sync.states.flatMap(({ resource, heard }) =>
        heard === undefined ? [] : [[[resource], heard / 1000] as const],
      ),
  },
  {
    metric: 'nstats_relay_api_requests_total',
    help: 'Requests to the API server.',
    read: ({ client }) => client.figures.requests,
  },
  {
    metric: 'nstats_relay_api_received_bytes_total',
    help: 'Bytes received from the API server, most of them gzipped.',
    read: ({ client }) => client.figures.bytes,
  },
];

function byResource(value: (collection: Collection) => number) {
  return ({ relay }: RelaySources): Labelled =>
    relay.collections.map((collection) => [[collection.resource], value(collection)] as const);
}
