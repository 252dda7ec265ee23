import { node as nodeObject, pod as podObject } from '../lab/apiserver/objects.ts';
import type { Lab } from '../lab/lab.ts';

/** What every flow below sends, in bytes a second. */
export const RATES = {
  webToService: 400_000,
  apiToWeb: 1_600_000,
  apiToDb: 800_000,
  webToFar: 200_000,
  webToNode: 300_000,
  nodeToReport: 250_000,
  dbToOutside: 300_000,
  outsideToReport: 1_200_000,
};

/** All of them: what is carried, each byte counted once. */
export const ALL = Object.values(RATES).reduce((sum, rate) => sum + rate, 0);

/** Four observed pods, one of a second node that nobody observes, that node itself, and the outside. */
export async function buildTraffic(lab: Lab): Promise<void> {
  const far = '10.244.1.5';
  const nodeAddress = '192.0.2.20';
  const outsideAddress = '198.51.100.7';
  const serviceAddress = '10.96.0.11';
  lab.api.store.put(
    'nodes',
    nodeObject({ name: 'lab-2', addresses: [nodeAddress], zone: 'zone-b' }),
  );
  lab.api.store.put(
    'pods',
    podObject({
      name: 'far-0',
      namespace: 'edge',
      nodeName: 'lab-2',
      ips: [far],
      owner: { kind: 'StatefulSet', name: 'far' },
    }),
  );
  const pod = (namespace: string, workload: string, ip: string) =>
    lab.pod({
      namespace,
      name: `${workload}-0`,
      ips: [ip],
      owner: { kind: 'StatefulSet', name: workload },
    });
  // A name with dots, as pods may have.
  const web = await pod('shop', 'web.v1.2', '10.244.0.10');
  const api = await pod('shop', 'api', '10.244.0.11');
  const db = await pod('data', 'db', '10.244.0.12');
  const report = await pod('batch', 'report', '10.244.0.13');
  lab.service({
    namespace: 'shop',
    name: 'api',
    ips: [serviceAddress],
    port: 80,
    backends: ['10.244.0.11'],
  });
  const outside = await lab.outside([outsideAddress, nodeAddress, far]);
  for (const host of [api, db, outside]) await host.serve(80);

  web.traffic('send', serviceAddress, 80, RATES.webToService);
  web.traffic('fetch', serviceAddress, 80, RATES.apiToWeb);
  api.traffic('send', '10.244.0.12', 80, RATES.apiToDb);
  web.traffic('send', far, 80, RATES.webToFar);
  web.traffic('send', nodeAddress, 80, RATES.webToNode);
  report.traffic('fetch', nodeAddress, 80, RATES.nodeToReport);
  db.traffic('send', outsideAddress, 80, RATES.dbToOutside);
  report.traffic('fetch', outsideAddress, 80, RATES.outsideToReport);
}

/** What pods sent and received in all. */
export const WEB_SENT = RATES.webToService + RATES.webToFar + RATES.webToNode;
export const API_SENT = RATES.apiToWeb + RATES.apiToDb;
export const REPORT_RECEIVED = RATES.nodeToReport + RATES.outsideToReport;
