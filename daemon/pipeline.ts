import { attribute } from '../lib/flows/attribute.ts';
import { merge } from '../lib/flows/merge.ts';
import { top } from '../lib/flows/top.ts';
import { encodeAgent, encodeTraffic } from '../lib/influx/encode.ts';
import type { ApiClient } from '../lib/kubernetes/client.ts';
import { Directory } from '../lib/kubernetes/directory.ts';
import type { LocalPod, Log, Peer, Traffic, Window } from '../lib/model.ts';
import { boundaries } from './clock.ts';
import { followCluster } from './cluster.ts';
import type { Config } from './config.ts';
import type { Troubles } from './log.ts';
import { Observatory } from './observatory.ts';
import { usage } from './usage.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink {
  push(lines: readonly string[]): void;
  readonly figures: { written: number; overflow: number; refused: number; bytes: number };
}

export interface PipelineOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly sink: Sink;
  readonly log: Log;
  readonly troubles: Troubles;
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly signal: AbortSignal;
}

/** A window is closed this long after its end, when the slots that span the end have come. */
const GRACE = 4000;

/**
 * The straight line from pods to rows, until `signal` is aborted:
 *
 *   API server -> pods -> namespaces -> captures -> slots -> windows -> named edges -> rows -> sink
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { config, client, log, troubles, proc, signal } = options;
  const directory = new Directory();
  const observatory = new Observatory({ proc, iface: config.iface, log, troubles });
  const report = reporter(options, directory, observatory);

  const following = new AbortController();
  const followed = followCluster({
    client,
    node: config.node,
    wanted: ({ namespace }) =>
      (config.namespaces?.has(namespace) ?? true) && !config.excludeNamespaces.has(namespace),
    directory,
    observatory,
    signal: following.signal,
    restarted: report.apiRestarted,
    log,
    troubles,
  });

  const closing = new Map<number, NodeJS.Timeout>();
  for await (const end of boundaries(config.interval, signal)) {
    observatory.turn(end);
    const close = () => {
      closing.delete(end);
      report.window(end);
    };
    closing.set(end, setTimeout(close, GRACE));
  }

  const end = Date.now();
  for (const timer of closing.values()) clearTimeout(timer);
  observatory.turn(end);
  await observatory.stop();
  for (const open of [...closing.keys(), end]) report.window(open);
  following.abort();
  await followed;
}

function reporter(
  { config, sink, log, proc }: PipelineOptions,
  directory: Directory,
  observatory: Observatory,
) {
  let apiRestarts = 0;
  let before = totals();

  function totals() {
    const { sessionRestarts, unparsedLines } = observatory.figures;
    const { written, overflow, refused } = sink.figures;
    return {
      sessionRestarts,
      unparsedLines,
      apiRestarts,
      rowsWritten: written,
      rowsLost: overflow + refused,
      cpuSeconds: usage(proc, observatory.processes).cpuSeconds,
    };
  }

  function agentRow(end: number, traffic: readonly Traffic[]): string {
    const now = totals();
    const { cpuSeconds, ...counts } = now;
    const since = Object.entries(counts).map(([name, count]) => [
      name,
      { integer: count - before[name as keyof typeof counts] },
    ]);
    const sum = (bytes: (of: Traffic) => number) => ({
      integer: traffic.reduce((total, each) => total + bytes(each), 0),
    });
    const row = encodeAgent(config.node, end, {
      podsSeen: { integer: observatory.figures.podsSeen },
      sessions: { integer: observatory.figures.sessions },
      kernelBytes: sum(({ kernel }) => (kernel ? kernel.sent + kernel.received : 0)),
      attributedBytes: sum(({ attributed }) => attributed.sent + attributed.received),
      spoolBytes: { integer: sink.figures.bytes },
      ...Object.fromEntries(since),
      cpuSeconds: { float: Math.max(0, cpuSeconds - before.cpuSeconds) },
      rssBytes: { integer: usage(proc, observatory.processes).rssBytes },
    });
    before = now;
    return row;
  }

  const nameOf = (address: string): Peer => {
    const peer = directory.peer(address);
    return config.peerDetail === 'workload' && peer.kind === 'pod'
      ? { ...peer, name: peer.workload }
      : peer;
  };

  return {
    apiRestarted: () => {
      apiRestarts += 1;
    },
    /** Closes the oldest window of every pod, and hands its rows on. */
    window(end: number): void {
      const context = {
        node: config.node,
        zone: directory.zoneOf(config.node),
        iface: config.iface,
        interval: config.interval,
      };
      const traffic = byName(observatory.close()).map(({ pod, window }): Traffic => {
        const edges = top(attribute(pod, window, nameOf), window.rest, config.peersPerPod);
        const attributed = {
          sent: edges.reduce((sum, edge) => sum + edge.sent, 0),
          received: edges.reduce((sum, edge) => sum + edge.received, 0),
        };
        return { pod, end: window.end, edges, attributed, kernel: window.kernel };
      });
      const rows = traffic.flatMap((each) => encodeTraffic(each, context));
      sink.push([...rows, agentRow(end, traffic)]);
      log.info({ pods: observatory.figures.podsSeen, rows: rows.length }, 'window closed');
    },
  };
}

/** Pods of one name, of which one may have followed the other within the window, as one. */
function byName(
  closed: readonly { readonly pod: LocalPod; readonly window: Window }[],
): { pod: LocalPod; window: Window }[] {
  const merged = new Map<string, { pod: LocalPod; window: Window }>();
  for (const { pod, window } of closed) {
    const key = [pod.namespace, pod.name, pod.workload].join('\n');
    const other = merged.get(key);
    const ips = [...(other?.pod.ips ?? []), ...pod.ips];
    merged.set(key, {
      pod: { ...pod, ips },
      window: other ? merge(other.window, window) : window,
    });
  }
  return [...merged.values()];
}
