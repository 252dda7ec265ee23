import { RATES as R } from '../traffic.ts';
import type { Expected, Groups } from './types.ts';

const bytes = (query: string, column: string, rate: number): Expected => ({
  query: `cost / Bytes, and the part that stays in its zone / ${query}`,
  by: [],
  columns: { [column]: { '': rate } },
});
const rest = (of: Groups): Expected => ({
  query: 'cost / Not priced, by the other end / A',
  by: ['peer_kind'],
  columns: { bytes: of },
});
/** Of what is priced by workload, at the prices that the dashboard begins with. */
const costs = (query: string, column: string, price: number, of: Groups): Expected => ({
  query: `cost / Cost by workload, \${currency} / ${query}`,
  by: ['namespace', 'workload'],
  columns: {
    [column]: Object.fromEntries(
      Object.entries(of).map(([group, rate]) => [group, (rate / 1e9) * price]),
    ),
  },
});

const WEB = 'shop | StatefulSet/web.v1.2';

/** The second node is in another zone; the outside is the internet. */
export const cost: readonly Expected[] = [
  bytes('zone', 'zone_sent', R.apiToWeb + R.apiToDb),
  bytes('cross_zone', 'cross_zone_sent', R.webToFar + R.webToNode),
  bytes('cross_zone in', 'cross_zone_received', R.nodeToReport),
  bytes('internet', 'internet_out', R.dbToOutside),
  bytes('internet', 'internet_in', R.outsideToReport),
  rest({ service: R.webToService }),
  costs('cross_zone', 'cross_zone_sent', 0.02, { [WEB]: R.webToFar + R.webToNode }),
  costs('cross_zone in', 'cross_zone_received', 0.02, {
    'batch | StatefulSet/report': R.nodeToReport,
  }),
  costs('internet', 'internet_out', 0.09, { 'data | StatefulSet/db': R.dbToOutside }),
];
