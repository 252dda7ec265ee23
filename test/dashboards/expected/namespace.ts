import { API_SENT, WEB_SENT, RATES as R } from '../traffic.ts';
import type { Expected, Groups } from './types.ts';

const directed = (panel: string, by: readonly string[], sent: Groups, received: Groups) =>
  [
    { query: `namespace / Sent, by ${panel} / A`, by, columns: { rate: sent } },
    { query: `namespace / Received, by ${panel} / A`, by, columns: { rate: received } },
  ] as const;

/** Of the namespace shop. */
export const namespace: readonly Expected[] = [
  ...directed(
    'workload',
    ['workload'],
    { 'StatefulSet/web.v1.2': WEB_SENT, 'StatefulSet/api': API_SENT },
    { 'StatefulSet/web.v1.2': R.apiToWeb, 'StatefulSet/api': R.webToService },
  ),
  ...directed(
    'peer',
    ['peer_kind', 'peer_namespace'],
    {
      'service | shop': R.webToService,
      'pod | shop': R.apiToWeb,
      'pod | data': R.apiToDb,
      'pod | edge': R.webToFar,
      'node | -': R.webToNode,
    },
    // What the client gets by way of the service, and what the service's pod gets from the client.
    { 'service | shop': R.apiToWeb, 'pod | shop': R.webToService },
  ),
  ...directed(
    'pod',
    ['pod'],
    { 'web.v1.2-0': WEB_SENT, 'api-0': API_SENT },
    { 'web.v1.2-0': R.apiToWeb, 'api-0': R.webToService },
  ),
  {
    query: 'namespace / Pods / A',
    by: ['namespace', 'pod'],
    columns: {
      sent: { 'shop | web.v1.2-0': WEB_SENT, 'shop | api-0': API_SENT },
      received: { 'shop | web.v1.2-0': R.apiToWeb, 'shop | api-0': R.webToService },
    },
  },
  {
    query: 'namespace / Peers / A',
    by: ['peer_kind', 'peer_namespace', 'peer'],
    columns: {
      sent: {
        'service | shop | api': R.webToService,
        'pod | shop | web.v1.2-0': R.apiToWeb,
        'pod | data | db-0': R.apiToDb,
        'pod | edge | far-0': R.webToFar,
        'node | - | lab-2': R.webToNode,
      },
      received: { 'service | shop | api': R.apiToWeb, 'pod | shop | web.v1.2-0': R.webToService },
    },
  },
];
