import { isIP } from 'node:net';
import type { RelayOptions } from '../lib/kubernetes/client/relayed.ts';
import type { PodLabel } from '../lib/influx/line-protocol.ts';
import type { Target } from '../lib/influx/writer.ts';
import { type Address, address, type Environment, type Settings, settingsOf } from './settings.ts';
import { type GivenLabel, readLabels } from './pod-labels.ts';
import { canonicalSet } from '../lib/ip-address.ts';
import { ConfigError } from '../lib/config-error.ts';
import type { LocalPod } from '../lib/model.ts';
import { TOP_SOCKET } from './top/socket.ts';
import type { FlowDetail } from '../lib/report/flow-totals.ts';
import { parseProxy, proxyFor, type Proxies } from '../lib/proxy.ts';

export interface Config {
  /** The name of the cluster in all rows; `-` if it has none. */
  readonly cluster: string;
  readonly node: string;
  readonly kubeconfig: string | undefined;
  /** Names of the interfaces that are captured in each pod that has them. */
  readonly interfaces: readonly string[];
  /** What captures: `auto` is bpf where the kernel lets it be, else iftop. */
  readonly capture: (typeof CAPTURES)[number];
  /** Milliseconds. */
  readonly interval: number;
  readonly influx: Target;
  /** The relay that serves what all agents follow; undefined: the API server does. */
  readonly relay: RelayOptions | undefined;
  /** For the API server of a kubeconfig that names no proxy itself. */
  readonly proxies?: Proxies;
  /** A PEM file of certificates, which Node reads at its start. If Node cannot read the file it only warns. */
  readonly extraAuthorities?: string;
  /** Where rows wait for InfluxDB, and how many bytes they may have. */
  readonly spool: { readonly directory: string; readonly max: number };
  /** The labels of pods that become tags. */
  readonly podLabels: readonly PodLabel[];
  /** Whether each pod has rows of its own, or the pods of a workload have them together. */
  readonly podDetail: 'pod' | 'workload';
  readonly peersPerPod: number;
  readonly peerDetail: 'pod' | 'workload';
  /** Whether rows have the port that the traffic is for. */
  readonly ports: 'none' | 'service';
  readonly networksFile: string | undefined;
  /** Undefined: all namespaces. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly excludeNamespaces: ReadonlySet<string>;
  /** Cores that the daemon and its children may take together, or Infinity. */
  readonly cpuBudget: number;
  readonly listen: Address;
  /** The Unix socket at which `nstats top` asks; undefined: there is none. */
  readonly topSocket: string | undefined;
  /** Whether /metrics has flows, and between what. */
  readonly flowMetrics: 'none' | FlowDetail;
  /** The pod that the agent is a sidecar of: no other pod is observed, and its network namespace is the agent's. */
  readonly sidecar: LocalPod | undefined;
  readonly logLevel: LogLevel;
}

export type LogLevel = (typeof LOG_LEVELS)[number];
const CAPTURES = ['iftop', 'bpf', 'auto'] as const;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Shown by `--help`, and the order of the table in docs/configuration.md. */
export const VARIABLES: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  ['NODE_NAME', 'required', 'name of this node (downward API: spec.nodeName)'],
  ['CLUSTER', '-', 'name of the cluster: the tag cluster of all rows'],
  ['KUBECONFIG', 'in-cluster', 'path of a kubeconfig; only needed outside a cluster'],
  ['IFACE', 'eth0', 'network interfaces inside the pods, separated by commas: eth0,net1'],
  [
    'CAPTURE',
    'iftop',
    'iftop, bpf (counts in the kernel) or auto (bpf where it works, else iftop)',
  ],
  ['RELAY_URL', '-', 'https://host:port of the relay; every address of the host is a replica'],
  ['RELAY_CA', '-', "PEM file of the authority of the relay's certificate"],
  ['RELAY_TOKEN_FILE', '/var/run/secrets/nstats-relay/token', 'file of a token for the relay'],
  ['RELAY_FALLBACK', '10m', 'without a relay for so long the API server is asked, or none: never'],
  ['INTERVAL', '10s', 'length of a window, 5s to 1h, in s, m or h'],
  ['INFLUX_URL', 'required', 'where InfluxDB is: http(s)://host:port'],
  ['INFLUX_BUCKET', '-', '2.x, 3, Cloud, 1.8+: the bucket; rows go to /api/v2/write'],
  ['INFLUX_ORG', '-', 'the organisation of the bucket (2.x, Cloud)'],
  ['INFLUX_TOKEN', '-', 'a token that may write to the bucket'],
  ['INFLUX_DATABASE', '-', '1.x and VictoriaMetrics: the database; rows go to /write'],
  ['INFLUX_RETENTION_POLICY', '-', 'its retention policy, if not the default one'],
  ['INFLUX_USERNAME', '-', 'user name (1.x)'],
  ['INFLUX_PASSWORD', '-', 'password (1.x)'],
  ['NODE_EXTRA_CA_CERTS', '-', 'PEM file of further authorities for certificates of InfluxDB'],
  ['HTTPS_PROXY', '-', 'proxy for https: InfluxDB, and the API server of KUBECONFIG'],
  ['HTTP_PROXY', '-', 'the same for http'],
  ['NO_PROXY', '-', 'hosts, domains and CIDRs that need no proxy, separated by commas'],
  [
    'POD_LABELS',
    'none',
    "keys of labels of pods that become tags, separated by commas; with SIDECAR key=value of its pod's",
  ],
  ['POD_DETAIL', 'pod', 'pod or workload: whether the pods of a workload have rows together'],
  ['PEERS_PER_POD', '50', 'peers kept per pod and window, 1 to 1000; the rest is one row'],
  ['PEER_DETAIL', 'pod', 'pod or workload: what a peer is named by'],
  [
    'PORTS',
    'none',
    'none or service: the port that traffic is for, which needs CAPTURE=bpf or auto',
  ],
  ['NETWORKS_FILE', '-', 'YAML file of names and CIDRs, for addresses outside the cluster'],
  ['NAMESPACES', 'all', 'namespaces to observe, separated by commas'],
  ['EXCLUDE_NAMESPACES', 'none', 'namespaces not to observe, separated by commas'],
  ['SPOOL_DIR', '/var/lib/nstats', 'directory for rows that InfluxDB has not taken yet'],
  ['SPOOL_MAX', '256MiB', 'bytes that they may have there, 1MiB to 1024GiB; the oldest go first'],
  ['CPU_BUDGET', '1', 'cores that it may take, captures included, 0.01 to 1024, or none: no limit'],
  ['LISTEN', ':9790', 'where /healthz, /readyz and /metrics are: [host]:port'],
  ['TOP_SOCKET', TOP_SOCKET, 'Unix socket at which `nstats top` asks, or none'],
  ['FLOW_METRICS', 'none', 'none, namespace or workload: bytes between these in /metrics'],
  ['SIDECAR', 'false', 'true: observe only the pod that this container is part of'],
  ['POD_UID', '-', 'with SIDECAR, its metadata.uid (downward API)'],
  ['POD_NAMESPACE', '-', 'with SIDECAR, its metadata.namespace (downward API)'],
  ['POD_NAME', '-', 'with SIDECAR, its metadata.name (downward API)'],
  ['POD_IPS', '-', 'with SIDECAR, its status.podIPs (downward API)'],
  ['POD_WORKLOAD', 'Pod/<name>', 'with SIDECAR, what it belongs to, such as Deployment/web'],
  ['LOG_LEVEL', 'info', 'debug, info, warn or error'],
];

/**
 * Reads the configuration from environment variables. An empty variable counts as not set.
 * @throws ConfigError with every mistake at once
 */
export function readConfig(environment: Environment): Config {
  const { mistakes, get, wrong, read, oneOf } = settingsOf(environment);
  const proxies = {
    http: read<string | undefined>('HTTP_PROXY', undefined, PROXY, parseProxy),
    https: read<string | undefined>('HTTPS_PROXY', undefined, PROXY, parseProxy),
    no: get('NO_PROXY') ?? '',
  };
  const extraAuthorities = get('NODE_EXTRA_CA_CERTS');
  const isSidecar = oneOf('SIDECAR', 'false', ['true', 'false']) === 'true';
  const labels = readLabels(get, wrong, isSidecar);
  const config = {
    cluster: read('CLUSTER', '-', CLUSTER, clusterName),
    node: get('NODE_NAME') ?? wrong('NODE_NAME', 'the name of the node') ?? '',
    kubeconfig: get('KUBECONFIG'),
    interfaces: read('IFACE', ['eth0'], INTERFACES, interfaces),
    capture: oneOf('CAPTURE', 'iftop', CAPTURES),
    interval: read('INTERVAL', 10_000, 'a time from 5s to 1h, such as 10s or 1m', duration),
    relay: readRelay(get, wrong, read),
    influx: target(get, wrong, proxies),
    ...((proxies.http ?? proxies.https) && { proxies }),
    ...(extraAuthorities && { extraAuthorities }),
    spool: {
      directory: read('SPOOL_DIR', '/var/lib/nstats', 'an absolute path', absolute),
      max: read('SPOOL_MAX', 256 * MIB, 'a size from 1MiB to 1024GiB, such as 256MiB', size),
    },
    podLabels: labels.map(({ key, tag }) => ({ key, tag })),
    podDetail: oneOf('POD_DETAIL', 'pod', ['pod', 'workload']),
    peersPerPod: read('PEERS_PER_POD', 50, 'a whole number from 1 to 1000', peers),
    peerDetail: oneOf('PEER_DETAIL', 'pod', ['pod', 'workload']),
    ports: oneOf('PORTS', 'none', ['none', 'service']),
    networksFile: get('NETWORKS_FILE'),
    namespaces: read('NAMESPACES', undefined, NAMES, names),
    excludeNamespaces: read('EXCLUDE_NAMESPACES', new Set<string>(), NAMES, names),
    cpuBudget: read('CPU_BUDGET', 1, 'cores from 0.01 to 1024, such as 0.5, or none', cores),
    listen: read('LISTEN', { host: undefined, port: 9790 }, 'an address such as :9790', address),
    topSocket: read('TOP_SOCKET', TOP_SOCKET, TOP_SOCKETS, topSocket) || undefined,
    flowMetrics: oneOf('FLOW_METRICS', 'none', ['none', 'namespace', 'workload']),
    sidecar: isSidecar ? ownPod(get, wrong, labels) : undefined,
    logLevel: oneOf('LOG_LEVEL', 'info', LOG_LEVELS),
  };
  if (config.ports !== 'none' && config.capture === 'iftop')
    wrong('PORTS', 'none unless CAPTURE is bpf or auto: iftop cannot tell ports');
  // Each sidecar knows only its own pod: their rows would overwrite each other's.
  if (config.podDetail !== 'pod' && isSidecar) wrong('POD_DETAIL', 'pod when SIDECAR is true');
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

function readRelay(
  get: Settings['get'],
  wrong: Settings['wrong'],
  read: Settings['read'],
): RelayOptions | undefined {
  const url = get('RELAY_URL');
  const authority = get('RELAY_CA');
  const tokenFile = get('RELAY_TOKEN_FILE') ?? '/var/run/secrets/nstats-relay/token';
  const fallback = read(
    'RELAY_FALLBACK',
    600_000,
    'a time from 5s to 1h, such as 10m, or none',
    (text) => (text === 'none' ? Infinity : duration(text)),
  );
  if (url === undefined) return undefined;
  const parsed = URL.parse(url);
  const isBare = parsed && !parsed.username && !parsed.search && parsed.pathname === '/';
  if (!isBare || !/^https?:$/.test(parsed.protocol))
    wrong('RELAY_URL', 'https://host:port, or http://host:port of a relay without TLS');
  return { url, authority, tokenFile, fallback };
}

function target(
  get: (name: string) => string | undefined,
  wrong: (name: string, wanted: string) => undefined,
  proxies: Proxies,
): Target {
  const text = get('INFLUX_URL');
  // `URL.canParse` accepts very long URLs that the constructor rejects.
  const parsed = URL.parse(text ?? '') ?? undefined;
  const bare = parsed && !parsed.username && !parsed.password && !parsed.search;
  const usable = bare && /^https?:$/.test(parsed.protocol);
  if (!usable) wrong('INFLUX_URL', 'http://host:port or https://host:port, without credentials');
  const proxy = usable ? proxyFor(parsed.href, proxies) : undefined;
  const server = { url: parsed?.href.replace(/\/$/, '') ?? '', ...(proxy && { proxy }) };
  const bucket = get('INFLUX_BUCKET');
  const database = get('INFLUX_DATABASE');
  if (bucket && database)
    wrong('INFLUX_DATABASE', 'left out when INFLUX_BUCKET is set, or the other way round');
  if (!bucket && !database) {
    wrong(
      'INFLUX_BUCKET',
      'the bucket to write to (2.x, 3, Cloud), or INFLUX_DATABASE the database (1.x)',
    );
  }
  if (bucket) {
    for (const name of ['INFLUX_USERNAME', 'INFLUX_PASSWORD', 'INFLUX_RETENTION_POLICY']) {
      if (get(name)) wrong(name, 'left out with INFLUX_BUCKET: it belongs to INFLUX_DATABASE');
    }
    return { ...server, api: 2, bucket, org: get('INFLUX_ORG') ?? '', token: get('INFLUX_TOKEN') };
  }
  if (get('INFLUX_PASSWORD') && !get('INFLUX_USERNAME'))
    wrong('INFLUX_USERNAME', 'the user whose INFLUX_PASSWORD is set');
  for (const name of ['INFLUX_ORG', 'INFLUX_TOKEN']) {
    if (database && get(name))
      wrong(name, 'left out with INFLUX_DATABASE: it belongs to INFLUX_BUCKET');
  }
  return {
    ...server,
    api: 1,
    database: database ?? '',
    retentionPolicy: get('INFLUX_RETENTION_POLICY'),
    username: get('INFLUX_USERNAME'),
    password: get('INFLUX_PASSWORD'),
  };
}

function ownPod(
  get: (name: string) => string | undefined,
  wrong: (name: string, wanted: string) => undefined,
  given: readonly GivenLabel[],
): LocalPod {
  const required = (name: string, field: string) =>
    get(name) ?? wrong(name, `${field} of the pod (downward API) when SIDECAR is true`) ?? '';
  const uid = required('POD_UID', 'metadata.uid');
  const name = required('POD_NAME', 'metadata.name');
  const namespace = required('POD_NAMESPACE', 'metadata.namespace');
  const ips = required('POD_IPS', 'status.podIPs')
    .split(',')
    .map((ip) => ip.trim());
  if (ips.some((ip) => ip !== '' && !isIP(ip))) wrong('POD_IPS', 'addresses, separated by commas');
  const workload = get('POD_WORKLOAD') ?? `Pod/${name}`;
  const labels = Object.fromEntries(given.map(({ key, value }) => [key, value]));
  const pod = { uid, cgroupUid: uid, namespace, name, workload, ips: canonicalSet(ips) };
  return given.length > 0 ? { ...pod, labels } : pod;
}

const CLUSTER = 'a name of up to 253 characters without control characters';

function clusterName(text: string): string | undefined {
  return text.length <= 253 && !/\p{Cc}/u.test(text) ? text : undefined;
}

function duration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})(s|m|h)$/.exec(text) ?? [];
  const milliseconds = Number(count) * ({ s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? NaN);
  return milliseconds >= 5000 && milliseconds <= 3_600_000 ? milliseconds : undefined;
}

const MIB = 1024 * 1024;

function size(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,4})(MiB|GiB)$/.exec(text) ?? [];
  const bytes = Number(count) * (unit === 'GiB' ? 1024 * MIB : MIB);
  return bytes >= MIB && bytes <= 1024 * 1024 * MIB ? bytes : undefined;
}

function cores(text: string): number | undefined {
  if (text === 'none') return Infinity;
  const count = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  return count >= 0.01 && count <= 1024 ? count : undefined;
}

function absolute(text: string): string | undefined {
  return text.startsWith('/') ? text : undefined;
}

/** The kernel takes 107 bytes (unix(7)), of which the agent needs some for a while. */
const TOP_SOCKETS = 'an absolute path of at most 96 bytes, or none';

/** Empty: none. */
function topSocket(text: string): string | undefined {
  if (text === 'none') return '';
  return text.startsWith('/') && Buffer.byteLength(text) <= 96 ? text : undefined;
}

const PROXY = 'http://host:port or https://host:port, with user:password@ before host if it asks';

function peers(text: string): number | undefined {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 1000 ? count : undefined;
}

const INTERFACES =
  'names of network interfaces, separated by commas, such as eth0,net1: each of 1 to 15 bytes, without spaces, / or :, named once, and not lo, whose traffic stays in the pod';

function interfaces(text: string): string[] | undefined {
  const list = text.split(',').map((name) => name.trim());
  return list.every(isInterface) && new Set(list).size === list.length ? list : undefined;
}

/** Whether Linux lets an interface have this name (`dev_valid_name`, net/core/dev.c, for which 0xa0 is a space). */
function isInterface(name: string): boolean {
  const bytes = Buffer.from(name).toString('latin1');
  return /^[^\s/:]{1,15}$/.test(bytes) && !/^(?:-.*|\.{1,2}|lo)$/.test(name);
}

const NAMES = 'names of namespaces, separated by commas';

function names(text: string): Set<string> | undefined {
  const list = text.split(',').map((name) => name.trim());
  return list.every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    ? new Set(list)
    : undefined;
}
