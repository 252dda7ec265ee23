import { ALL, API_SENT, REPORT_RECEIVED, WEB_SENT, RATES as R } from '../traffic.ts';
import type { Expected } from './types.ts';

const IN_CLUSTER = R.webToService + R.apiToWeb + R.apiToDb + R.webToFar;

export const cluster: readonly Expected[] = [
  {
    query: 'cluster / All traffic, by where it goes / A',
    by: ['peer_kind'],
    columns: {
      bytes: {
        pod: R.apiToWeb + R.apiToDb + R.webToFar,
        service: R.webToService,
        external: R.dbToOutside,
        node: R.webToNode,
      },
    },
    sum: ALL - REPORT_RECEIVED,
  },
  {
    query: 'cluster / All traffic, by where it goes / B',
    by: ['peer_kind'],
    columns: { bytes: { external: R.outsideToReport, node: R.nodeToReport } },
    sum: REPORT_RECEIVED,
  },
  {
    query: 'cluster / Sent, by namespace / A',
    by: ['namespace'],
    columns: { rate: { shop: WEB_SENT + API_SENT, data: R.dbToOutside } },
    sum: ALL - REPORT_RECEIVED,
  },
  {
    query: 'cluster / Out of the cluster and into it / A',
    by: [],
    columns: { rate: { '': R.dbToOutside } },
  },
  {
    query: 'cluster / Out of the cluster and into it / B',
    by: [],
    columns: { rate: { '': R.outsideToReport } },
  },
  {
    query: 'cluster / From namespace (rows) to namespace (columns) / A',
    by: ['namespace', 'peer_namespace'],
    columns: {
      sent: {
        'shop | shop': R.webToService + R.apiToWeb,
        'shop | data': R.apiToDb,
        'shop | edge': R.webToFar,
      },
    },
    sum: IN_CLUSTER,
  },
  {
    query: 'cluster / From zone (rows) to zone (columns) / A',
    by: ['zone', 'peer_zone'],
    columns: {
      sent: {
        'zone-a | -': R.webToService,
        'zone-a | zone-a': R.apiToWeb + R.apiToDb,
        'zone-a | zone-b': R.webToFar,
      },
    },
    sum: IN_CLUSTER,
  },
  {
    query: 'cluster / Top talkers / A',
    by: ['namespace', 'workload', 'pod'],
    columns: {
      sent: {
        'shop | StatefulSet/web.v1.2 | web.v1.2-0': WEB_SENT,
        'shop | StatefulSet/api | api-0': API_SENT,
        'data | StatefulSet/db | db-0': R.dbToOutside,
      },
      received: {
        'shop | StatefulSet/web.v1.2 | web.v1.2-0': R.apiToWeb,
        'shop | StatefulSet/api | api-0': R.webToService,
        'data | StatefulSet/db | db-0': R.apiToDb,
        'batch | StatefulSet/report | report-0': REPORT_RECEIVED,
      },
    },
  },
  {
    query: 'cluster / Outside networks / A',
    by: ['namespace', 'peer'],
    columns: {
      sent: { 'data | 198.51.100.0/24': R.dbToOutside },
      received: { 'batch | 198.51.100.0/24': R.outsideToReport },
    },
  },
];
