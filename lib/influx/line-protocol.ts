import type { LocalPod, Traffic } from '../model.ts';
import { oncePerPeer } from '../naming/once-per-peer.ts';

/** The fields of a row of `nstat_agent`, by name. */
export type AgentFields = Readonly<{ [field: string]: { integer: number } | { float: number } }>;

export interface Context {
  /** The name of the cluster, or `-`. */
  readonly cluster: string;
  readonly node: string;
  readonly zone: string;
  /** Length of a window in milliseconds: rates are bytes over this time. */
  readonly interval: number;
  /** The labels of pods that are tags, in the order of the tags. */
  readonly podLabels: readonly PodLabel[];
}

/** A label of Kubernetes as a tag. */
export interface PodLabel {
  readonly key: string;
  readonly tag: string;
}

/** The value of a label of a pod, empty if it has none. */
export function labelOf({ labels = {} }: LocalPod, key: string): string {
  // A label may be called `constructor`.
  return (Object.hasOwn(labels, key) && labels[key]) || '';
}

/**
 * The rows of one interface of a pod, or of the pods of a workload, and one window: one of `nstat` for each peer and port,
 * one of `nstat_pod` unless all its fields are zero. The names of measurements and tags, and of the fields of these two,
 * are only in this file. The set of tags and their order are fixed, since InfluxDB 3 never lets the tags of a table change.
 */
export function encodeTraffic(traffic: Traffic, context: Context): string[] {
  const { cluster, node, zone, interval, podLabels } = context;
  const { pod, iface, end, edges, attributed, kernel } = traffic;
  const { uncounted, missing, overloaded, paused } = traffic;
  const time = seconds(end);
  const tags = [
    `cluster=${tag(cluster)}`,
    `namespace=${tag(pod.namespace)}`,
    `pod=${tag(pod.name)}`,
    `workload=${tag(pod.workload)}`,
    `node=${tag(node)}`,
  ].join(',');
  const labels = podLabels
    .map(({ key, tag: name }) => `,${name}=${tag(labelOf(pod, key))}`)
    .join('');
  const rate = (bytes: number) => float((bytes * 8000) / interval);
  const own = `nstat,${tags},zone=${tag(zone)},interface=${tag(iface)}`;
  // There are thousands of these in a window: no objects are made of their fields, and `join` makes one string at once.
  const lines = edges.map(({ peer, port = '-', sent, received }) =>
    [
      own,
      peerTags(peer),
      `port=${tag(port)}${labels} sendRate=${rate(sent)}`,
      `receiveRate=${rate(received)}`,
      `sentBytes=${whole(sent)}i`,
      `receivedBytes=${whole(received)}i ${time}`,
    ].join(','),
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
  return Object.values(fields).some(({ integer }) => integer > 0)
    ? [...lines, line(`nstat_pod,${tags},interface=${tag(iface)}${labels}`, fields, time)]
    : lines;
}

const peerTags = oncePerPeer(({ kind, namespace, name, workload, zone, scope }) =>
  [
    `peer_kind=${kind}`,
    `peer_namespace=${tag(namespace)}`,
    `peer=${tag(name)}`,
    `peer_workload=${tag(workload)}`,
    `peer_zone=${tag(zone)}`,
    `scope=${scope}`,
  ].join(','),
);

/** The agent of a node, or a sidecar in a pod. */
export interface Agent {
  readonly cluster: string;
  readonly node: string;
  readonly sidecar: Pick<LocalPod, 'namespace' | 'name'> | undefined;
}

/**
 * The row of an agent for one window. Several agents may run on a node, each with a series of its own. The row of a
 * sidecar has the name of its pod, which a restarted container keeps. The row of a node's agent has no name of a
 * pod, which would be a new series with each rollout.
 */
export function encodeAgent(
  { cluster, node, sidecar }: Agent,
  end: number,
  fields: AgentFields,
): string {
  const { namespace = '', name = '' } = sidecar ?? {};
  const tags = `cluster=${tag(cluster)},node=${tag(node)},namespace=${tag(namespace)},pod=${tag(name)}`;
  return line(`nstat_agent,${tags}`, fields, seconds(end));
}

/**
 * A tag value in line protocol. A backslash becomes a slash: at the end of a value InfluxDB 1.x answers 400 to it,
 * before an escaped character VictoriaMetrics drops the row. Line breaks and tabs become spaces.
 */
function tag(value: string): string {
  if (PLAIN.test(value)) return value;
  const clean = value
    .slice(0, LONGEST)
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('\\', '/')
    .trim();
  return clean.replace(/[, =]/g, '\\$&') || '-';
}

/** What nearly all values are: printable ASCII without spaces, commas, equals signs and backslashes, and not too long. */
const PLAIN = /^[!-+\--<>-[\]-~]{1,320}$/;
/** A name in Kubernetes has up to 253 characters, with its kind in front up to 317. */
const LONGEST = 320;

/** The timestamp of a window: its end in whole seconds, rounded up so that it differs from that of the last window. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

function line(head: string, fields: AgentFields, time: number): string {
  const list = Object.entries(fields).map(([name, value]) =>
    'integer' in value ? `${name}=${whole(value.integer)}i` : `${name}=${float(value.float)}`,
  );
  return `${head} ${list.join(',')} ${time}`;
}

/** A number as an integer; 0 if it is too large for a float to be exact, since InfluxDB would refuse the row. */
function whole(value: number): number {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : 0;
}

/** Line protocol has no NaN and no infinity. */
function float(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
