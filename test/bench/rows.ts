/** A big cluster's rows: 20 namespaces with 10 workloads of 10 pods each, on 50 nodes in 3 zones. */
const NAMESPACES = 20;
const WORKLOADS = 10;
const REPLICAS = 10;
const NODES = 50;
const WINDOW = 10;

/** Of a pod in every row, as with POD_LABELS. */
const LABEL = (namespace: string) => `label_team=squad-${namespace.slice(-1)}`;

const two = (number: number) => String(number).padStart(2, '0');
const PODS = Array.from({ length: NAMESPACES * WORKLOADS * REPLICAS }, (_, index) => {
  const namespace = `team-${two(Math.floor(index / WORKLOADS / REPLICAS))}`;
  const workload = `app-${two(Math.floor(index / REPLICAS) % WORKLOADS)}`;
  const node = index % NODES;
  const name = `${workload}-6cd5976f84-${index.toString(36).padStart(5, 'x')}`;
  return {
    namespace,
    name,
    workload: `Deployment/${workload}`,
    node: `worker-${two(node)}`,
    zone: `zone-${node % 3}`,
  };
});

/** A pod as the variables choose it. */
export const SAMPLE = { namespace: ['team-07'], pod: [PODS[733]?.name ?? ''] };

interface Series {
  readonly head: string;
  readonly base: number;
}

/** Twenty peers of a pod: ten pods, five services, four outside networks, a node. */
function peersOf(pod: (typeof PODS)[number], index: number): Series[] {
  const head =
    `nstat,cluster=prod,namespace=${pod.namespace},pod=${pod.name},workload=${pod.workload},node=${pod.node},` +
    `zone=${pod.zone},interface=eth0,peer_kind=`;
  const last = `port=-,${LABEL(pod.namespace)} `;
  return Array.from({ length: 20 }, (_, nth) => {
    const hash = (index * 31 + nth * 977) % PODS.length;
    const far = PODS[hash];
    const base = 1000 * (1 + (hash % 50));
    if (nth < 10) {
      const scope = far?.zone === pod.zone ? 'zone' : 'cross-zone';
      const place = `peer_workload=${far?.workload},peer_zone=${far?.zone},scope=${scope},${last}`;
      return {
        head: `${head}pod,peer_namespace=${far?.namespace},peer=${far?.name},${place}`,
        base,
      };
    }
    const rest = 'peer_workload=-,peer_zone=-';
    const outside = `198.51.${(index + nth) % 100}.0/24`;
    if (nth < 15) {
      const name = `svc-${two(hash % WORKLOADS)}-${nth}`;
      return {
        head: `${head}service,peer_namespace=${far?.namespace},peer=${name},${rest},scope=-,${last}`,
        base,
      };
    }
    if (nth < 19)
      return {
        head: `${head}external,peer_namespace=-,peer=${outside},${rest},scope=internet,${last}`,
        base,
      };
    return {
      head: `${head}node,peer_namespace=-,peer=${far?.node},${rest},scope=cross-zone,${last}`,
      base,
    };
  });
}

const SERIES = PODS.flatMap(peersOf);

/** The rows of the window that ends at a time in seconds, in batches of line protocol. */
export function* rowsOf(time: number): Generator<{ text: string; rows: number }> {
  const size = 20_000;
  for (let start = 0; start < SERIES.length; start += size) {
    const lines = SERIES.slice(start, start + size).map(({ head, base }) => {
      const sent = Math.floor(base * (0.5 + Math.random()));
      const received = Math.floor(base * (0.5 + Math.random()));
      return `${head}sendRate=${(sent * 8) / WINDOW},receiveRate=${(received * 8) / WINDOW},sentBytes=${sent}i,receivedBytes=${received}i ${time}`;
    });
    yield { text: lines.join('\n'), rows: lines.length };
  }
  const pods = PODS.map(
    ({ namespace, name, workload, node }) =>
      `nstat_pod,cluster=prod,namespace=${namespace},pod=${name},workload=${workload},node=${node},interface=eth0,${LABEL(namespace)} ` +
      `sentBytes=500000i,receivedBytes=500000i,sentPackets=800i,receivedPackets=800i,sentUncounted=0i,receivedUncounted=0i,sentAttributed=499000i,receivedAttributed=499500i ${time}`,
  );
  const agents = Array.from(
    { length: NODES },
    (_, node) =>
      `nstat_agent,cluster=prod,node=worker-${two(node)},namespace=-,pod=- podsSeen=40i,sessions=38i,sessionRestarts=0i,unparsedLines=0i,kernelBytes=40000000i,uncountedBytes=0i,podsUncounted=0i,attributedBytes=39940000i,spoolBytes=0i,rowsWritten=841i,rowsLost=0i,apiRestarts=0i,cpuSeconds=0.5,rssBytes=190000000i ${time}`,
  );
  yield { text: [...pods, ...agents].join('\n'), rows: pods.length + agents.length };
}
