import type { ApiClient } from '../../../lib/kubernetes/client/client.ts';
import type { Directory } from '../../../lib/naming/directory.ts';
import { localSubject } from '../../../lib/kubernetes/follow-cluster.ts';
import type { Sync } from '../../../lib/kubernetes/sync.ts';
import { byName, counter, gauge, type Metric } from './metric.ts';

export interface ClusterSources {
  readonly directory: Directory;
  readonly sync: Sync;
  readonly client: Pick<ApiClient, 'figures'>;
  readonly node: string;
}

/** How well the cluster is known, and what it costs the API server. */
export function cluster({ directory, sync, client, node }: ClusterSources): Metric[] {
  const label = (resource: string) => (resource === localSubject(node) ? 'local_pods' : resource);
  const states = (value: (state: (typeof sync.states)[number]) => number | undefined) =>
    sync.states.flatMap((state) => {
      const number = value(state);
      return number === undefined ? [] : [[[label(state.resource)], number] as const];
    });
  return [
    gauge('directory_objects', 'Objects of the cluster that have addresses.', ['kind'], () =>
      byName(directory.sizes),
    ),
    counter(
      'ambiguous_peers_total',
      'Addresses that were not named because two may have had them.',
      () => directory.ambiguous,
    ),
    gauge(
      'resource_followed',
      '1: every change of it is heard of as it happens.',
      ['resource'],
      () => states(({ followed }) => (followed ? 1 : 0)),
    ),
    gauge('resource_denied', '1: we may not list or watch it (RBAC).', ['resource'], () =>
      states(({ denied }) => (denied ? 1 : 0)),
    ),
    gauge(
      'resource_last_event_timestamp_seconds',
      'When the API server last said something of it; bookmarks, which come once a minute, count.',
      ['resource'],
      () => states(({ heard }) => heard && heard / 1000),
    ),
    counter(
      'api_restarts_total',
      'Lists and watches that failed and were begun again.',
      ['resource'],
      () => states(({ restarts }) => restarts),
    ),
    counter('api_requests_total', 'Requests to the API server.', () => client.figures.requests),
    counter(
      'api_received_bytes_total',
      'Bytes of its answers as received, most of them gzipped.',
      () => client.figures.bytes,
    ),
  ];
}
