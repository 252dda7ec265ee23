import { RATES as R } from '../traffic.ts';
import type { Expected, Groups } from './types.ts';

const OUTSIDE = '198.51.100.0/24 (external)';
const edges = (query: string, of: Groups): Expected => ({
  query: `topology / From workload to workload / ${query}`,
  by: ['edge'],
  columns: { bytes: of },
});

export const topology: readonly Expected[] = [
  edges('edges', {
    'shop/StatefulSet/api > shop/StatefulSet/web.v1.2': R.apiToWeb,
    'shop/StatefulSet/api > data/StatefulSet/db': R.apiToDb,
    'shop/StatefulSet/web.v1.2 > edge/StatefulSet/far': R.webToFar,
  }),
  edges('services', { 'shop/StatefulSet/web.v1.2 > shop/api (service)': R.webToService }),
  edges('out', {
    [`data/StatefulSet/db > ${OUTSIDE}`]: R.dbToOutside,
    'shop/StatefulSet/web.v1.2 > lab-2 (node)': R.webToNode,
  }),
  edges('in', {
    [`${OUTSIDE} > batch/StatefulSet/report`]: R.outsideToReport,
    'lab-2 (node) > batch/StatefulSet/report': R.nodeToReport,
  }),
];
