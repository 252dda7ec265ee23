import type { LocalPod, Traffic } from '../model.ts';

/** Figures of this agent for one window; the names are the fields of `nstat_agent`. */
export type AgentFields = Readonly<{ [field: string]: { integer: number } | { float: number } }>;

export interface Context {
  readonly node: string;
  readonly zone: string;
  /** The length of a window in milliseconds, over which rates are taken. */
  readonly interval: number;
}

/**
 * The rows of one interface of a pod and one window: one of `nstat` for each peer, one of `nstat_pod`. A row of
 * zeros is left out. Measurement, tag and field names stand in this file only; their set and
 * order are fixed, since InfluxDB 3 never lets a table's tags change.
 */
export function encodeTraffic(traffic: Traffic, { node, zone, interval }: Context): string[] {
  const { pod, iface, end, edges, attributed, kernel } = traffic;
  const { uncounted, missing, overloaded, paused } = traffic;
  const time = seconds(end);
  const who = [
    `namespace=${tag(pod.namespace)}`,
    `pod=${tag(pod.name)}`,
    `workload=${tag(pod.workload)}`,
    `node=${tag(node)}`,
  ].join(',');
  const rate = (bytes: number) => (bytes * 8000) / interval;
  const lines = edges.map(({ peer, sent, received }) =>
    line(
      `nstat,${who},zone=${tag(zone)},interface=${tag(iface)},peer_kind=${peer.kind},peer_namespace=${tag(peer.namespace)},` +
        `peer=${tag(peer.name)},peer_workload=${tag(peer.workload)},peer_zone=${tag(peer.zone)},port=-`,
      {
        sendRate: { float: rate(sent) },
        receiveRate: { float: rate(received) },
        sentBytes: { integer: sent },
        receivedBytes: { integer: received },
      },
      time,
    ),
  );
  const counted = {
    sentBytes: { integer: (kernel?.sent ?? 0) + uncounted.sent },
    receivedBytes: { integer: (kernel?.received ?? 0) + uncounted.received },
    sentPackets: { integer: kernel?.sentPackets ?? 0 },
    receivedPackets: { integer: kernel?.receivedPackets ?? 0 },
    sentUncounted: { integer: uncounted.sent },
    receivedUncounted: { integer: uncounted.received },
    missingUncaptured: { integer: missing.uncaptured },
    missingOverload: { integer: missing.overload },
    missingPaused: { integer: missing.paused },
    missingOther: { integer: missing.other },
  };
  const fields = {
    ...(kernel ? counted : {}),
    sentAttributed: { integer: attributed.sent },
    receivedAttributed: { integer: attributed.received },
    overloaded: { integer: overloaded ? 1 : 0 },
    paused: { integer: paused ? 1 : 0 },
  };
  const something = Object.values(fields).some(({ integer }) => integer > 0);
  return something
    ? [...lines, line(`nstat_pod,${who},interface=${tag(iface)}`, fields, time)]
    : lines;
}

/** The agent of a node or, with the pod that it is part of, a sidecar. */
export interface Agent {
  readonly node: string;
  readonly sidecar: Pick<LocalPod, 'namespace' | 'name'> | undefined;
}

/**
 * The row of an agent for one window. Several agents may run on a node, each with a series of its
 * own. A sidecar has its pod's name, which the rows of `nstat` have too and a restarted container
 * keeps; the name of the node agent's own pod would be a new series with each rollout.
 */
export function encodeAgent({ node, sidecar }: Agent, end: number, fields: AgentFields): string {
  const { namespace = '', name = '' } = sidecar ?? {};
  const who = `node=${tag(node)},namespace=${tag(namespace)},pod=${tag(name)}`;
  return line(`nstat_agent,${who}`, fields, seconds(end));
}

/**
 * A tag value in line protocol. A backslash becomes a slash: none can stand at the end (InfluxDB 1.x
 * answers 400), and before an escaped character VictoriaMetrics drops the row. Line breaks and tabs
 * become spaces.
 */
function tag(value: string): string {
  const clean = value
    .slice(0, LONGEST)
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '/')
    .trim();
  return clean.replace(/[, =]/g, '\\$&') || '-';
}

/** No name of Kubernetes is longer than 253, or 317 with its kind in front. */
const LONGEST = 320;

/** The timestamp of a window: its end in whole seconds, rounded up so that it follows the last. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

function line(head: string, fields: AgentFields, time: number): string {
  const list = Object.entries(fields).map(([name, value]) =>
    'integer' in value ? `${name}=${whole(value.integer)}i` : `${name}=${float(value.float)}`,
  );
  return `${head} ${list.join(',')} ${time}`;
}

/** Only safe integers are integers: InfluxDB refuses others. */
function whole(value: number): number {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : 0;
}

/** Line protocol has no NaN and no infinity. */
function float(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
