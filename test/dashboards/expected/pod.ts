import { WEB_SENT, RATES as R } from '../traffic.ts';
import type { Expected } from './types.ts';

const PEERS = {
  sent: {
    'service | shop | api': R.webToService,
    'pod | edge | far-0': R.webToFar,
    'node | - | lab-2': R.webToNode,
  },
  received: { 'service | shop | api': R.apiToWeb },
};
const total = (panel: string, query: string, rate: number): Expected => ({
  query: `pod / ${panel} / ${query}`,
  by: [],
  columns: { rate: { '': rate } },
});

/** Of the pod web.v1.2-0 in shop. */
export const pod: readonly Expected[] = [
  {
    query: 'pod / Sent to / A',
    by: ['peer_kind', 'peer_namespace', 'peer'],
    columns: { rate: PEERS.sent },
  },
  {
    query: 'pod / Received from / A',
    by: ['peer_kind', 'peer_namespace', 'peer'],
    columns: { rate: PEERS.received },
  },
  {
    query: 'pod / Peers / A',
    by: ['peer_kind', 'peer_namespace', 'peer'],
    columns: PEERS,
  },
  total('By the kernel’s counters, and by peers', 'A', WEB_SENT),
  total('By the kernel’s counters, and by peers', 'B', WEB_SENT),
  total('By the kernel’s counters, and by peers', 'C', R.apiToWeb),
  total('By the kernel’s counters, and by peers', 'D', R.apiToWeb),
];
