import type { Lab, Pod } from '../lab/lab.ts';

const MBIT = 1_000_000 / 8;
/** Documentation addresses: a package mirror somewhere outside. */
const MIRROR = ['198.51.100.20', '2001:db8:64::20'];

/** A small shop: a web Deployment, its API behind a Service, a database, and a job that downloads. */
export interface Cluster {
  readonly pods: readonly Pod[];
  /** Lets traffic flow. */
  start(): Promise<void>;
  /** Ends all traffic. */
  stop(): void;
}

export async function buildCluster(lab: Lab): Promise<Cluster> {
  let next = 10;
  const pod = (namespace: string, name: string, owner: string, hash?: string) => {
    const host = next++;
    const [kind = '', ownerName = ''] = owner.split('/');
    return lab.pod({
      namespace,
      name,
      ips: [`10.244.0.${host}`, `fd00:10:244::${host}`],
      owner: { kind, name: ownerName },
      ...(hash && { labels: { 'pod-template-hash': hash } }),
    });
  };
  const deployment = (name: string, hash: string, suffix: string) =>
    pod('shop', `${name}-${hash}-${suffix}`, `ReplicaSet/${name}-${hash}`, hash);

  const web = [
    await deployment('web', '6cd5976f84', '2n5b8'),
    await deployment('web', '6cd5976f84', 'qswtp'),
  ];
  const api = [
    await deployment('api', '7f9c4d5b68', 'kx7pd'),
    await deployment('api', '7f9c4d5b68', 'zr2lm'),
  ];
  const db = await pod('data', 'db-0', 'StatefulSet/db');
  const job = `report-${Math.floor(Date.now() / 60_000)}`;
  const report = await pod('batch', `${job}-h8k2x`, `Job/${job}`);
  const idle = await pod('shop', 'maintenance', 'StatefulSet/maintenance');
  const mirror = await lab.outside(MIRROR);
  lab.service({
    namespace: 'shop',
    name: 'api',
    ips: ['10.96.0.20', 'fd00:10:96::20'],
    port: 8080,
    backends: api.flatMap(({ ips }) => ips),
  });
  lab.service({
    namespace: 'data',
    name: 'db',
    ips: ['10.96.0.30'],
    port: 5432,
    backends: [db.ips[0] ?? ''],
  });

  const running: ReturnType<Pod['traffic']>[] = [];
  return {
    pods: [...web, ...api, db, report, idle],
    async start() {
      for (const server of api) running.push(await server.serve(8080));
      running.push(await db.serve(5432), await mirror.serve(80));
      const [first, second] = web;
      running.push(
        ...[first, second].flatMap((client) =>
          client ? [client.traffic('fetch', '10.96.0.20', 8080, 12 * MBIT)] : [],
        ),
        ...(first ? [first.traffic('send', 'fd00:10:96::20', 8080, 3 * MBIT)] : []),
        ...(second ? [second.traffic('send', '10.96.0.20', 8080, 2 * MBIT)] : []),
        ...api.map((client) => client.traffic('fetch', '10.96.0.30', 5432, 25 * MBIT)),
        ...api.map((client) => client.traffic('send', '10.96.0.30', 5432, 4 * MBIT, 1, 2)),
        report.traffic('fetch', MIRROR[0] ?? '', 80, 60 * MBIT),
        report.traffic('fetch', MIRROR[1] ?? '', 80, 20 * MBIT),
      );
    },
    stop() {
      for (const child of running) child.kill('SIGKILL');
    },
  };
}
