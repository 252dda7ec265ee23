import type { ApiClient } from '../../kubernetes/client/client.ts';
import type { RelayedClient } from '../../kubernetes/client/relayed.ts';
import { isLocal, type Sync } from '../../kubernetes/sync.ts';
import type { Directory } from '../../naming/directory.ts';
import { byName, type Labelled, type Statistic } from './statistic.ts';

export interface ClusterSources {
  readonly directory: Pick<Directory, 'sizes' | 'ambiguous'>;
  readonly sync: Pick<Sync, 'states'>;
  readonly client: Pick<ApiClient, 'figures'>;
  /** Undefined without RELAY_URL. */
  readonly relay?: Pick<RelayedClient, 'figures' | 'isDirect'> | undefined;
}

/** How well the cluster is known, and what following it costs the API server. */
export const cluster: readonly Statistic<ClusterSources>[] = [
  {
    metric: 'nstats_directory_objects',
    labels: ['kind'],
    help: 'Objects of the cluster that have addresses.',
    read: ({ directory }) => byName(directory.sizes),
  },
  {
    metric: 'nstats_ambiguous_peers_total',
    fields: { ambiguousPeers: 'sum' },
    help: 'Addresses that were not named because two objects may have had them.',
    read: ({ directory }) => directory.ambiguous,
  },
  {
    metric: 'nstats_resource_followed',
    labels: ['resource'],
    help: 'Resources that are followed, 1 for each: a watch reports every change as it happens.',
    read: byResource(({ followed }) => (followed ? 1 : 0)),
  },
  {
    metric: 'nstats_resource_denied',
    labels: ['resource'],
    fields: { deniedResources: 'sum' },
    help: 'Resources that the agent may not list or watch (RBAC), 1 for each.',
    read: byResource(({ denied }) => (denied ? 1 : 0)),
  },
  {
    metric: 'nstats_resource_last_event_timestamp_seconds',
    labels: ['resource'],
    help: 'When the API server last sent an event of the resource. Bookmarks, which come once a minute, count.',
    read: byResource(({ heard }) => heard && heard / 1000),
  },
  {
    metric: 'nstats_api_restarts_total',
    labels: ['resource'],
    fields: { apiRestarts: 'sum' },
    help: 'Lists and watches that failed and were started again.',
    read: byResource(({ restarts }) => restarts),
  },
  {
    metric: 'nstats_api_requests_total',
    fields: { apiRequests: 'sum' },
    help: 'Requests to the API server.',
    read: ({ client }) => client.figures.requests,
  },
  {
    metric: 'nstats_api_received_bytes_total',
    fields: { apiBytes: 'sum' },
    help: 'Bytes received from the API server, most of them gzipped.',
    read: ({ client }) => client.figures.bytes,
  },
  {
    metric: 'nstats_relayed',
    fields: { relayed: 'sum' },
    help: '1 if a relay serves the agent, 0 if the API server does although RELAY_URL is set.',
    read: ({ relay }) => relay && (relay.isDirect ? 0 : 1),
  },
  {
    metric: 'nstats_relay_client_requests_total',
    fields: { relayRequests: 'sum' },
    help: 'Requests to the relay.',
    read: ({ relay }) => relay?.figures.requests,
  },
  {
    metric: 'nstats_relay_client_received_bytes_total',
    fields: { relayBytes: 'sum' },
    help: 'Bytes received from the relay.',
    read: ({ relay }) => relay?.figures.bytes,
  },
];

/** A value for each followed resource that has one; the pods of this node are a resource of their own. */
function byResource(
  value: (state: Sync['states'][number]) => number | undefined,
): (sources: ClusterSources) => Labelled {
  return ({ sync }) =>
    sync.states.flatMap((state) => {
      const { resource } = state;
      const number = value(state);
      const label = isLocal(resource) ? 'local_pods' : resource;
      return number === undefined ? [] : [[[label], number] as const];
    });
}
