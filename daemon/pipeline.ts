import { setFlagsFromString } from 'node:v8';
import type { ApiClient } from '../lib/kubernetes/client/client.ts';
import { RelayedClient } from '../lib/kubernetes/client/relayed.ts';
import { Directory } from '../lib/naming/directory.ts';
import type { Log } from '../lib/model.ts';
import { boundaries } from '../lib/report/window-clock.ts';
import { DeclaredPorts } from '../lib/kubernetes/declared-ports.ts';
import { followCluster, resourcesOf } from '../lib/kubernetes/follow-cluster.ts';
import type { Config } from './config.ts';
import type { Problems } from './log.ts';
import { apiServer, faultOfApi } from './check/remedies.ts';
import { reportStartup } from './check/startup-report.ts';
import { chooseSource } from './choose-source.ts';
import { Health } from './http/health.ts';
import { serve } from './http/server.ts';
import { exposition } from './http/metrics/exposition.ts';
import { Feed } from '../lib/live/feed.ts';
import { serveLive } from '../lib/live/server.ts';
import { followNetworks } from '../lib/naming/follow-networks.ts';
import { NodeCapture } from '../lib/capture/node-capture.ts';
import { AgentFieldReader } from '../lib/report/agent-fields.ts';
import { Reporter } from '../lib/report/reporter.ts';
import type { Sink } from '../lib/report/sink.ts';
import { atWindowEnd, statistics } from '../lib/report/statistics/all.ts';
import { localSubject, Sync } from '../lib/kubernetes/sync.ts';
import { Totals } from '../lib/report/totals.ts';
import { GRACE, WindowQueue } from '../lib/report/window-queue.ts';

export interface PipelineOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly sink: Sink;
  readonly log: Log;
  readonly problems: Problems;
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly signal: AbortSignal;
}

/** Milliseconds that captures have for a last report at the end: a kubelet in a hurry kills after two seconds. */
const LAST_REPORTS = 850;
/** Milliseconds after the first lists until the memory that they took is garbage. */
const SETTLE = 5000;
/** V8 keeps garbage for as long as there is room (docs/decisions/memory.md). It takes some 50 ms. */
const GARBAGE = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;
/**
 * After a collection V8 collects twice more where little happens: each frees 1 MB, and together they take a quarter of the
 * CPU that the agent takes in its first minutes at rest.
 */
const NO_REPEATS = '--memory-reducer-gc-count=0';

/**
 * The straight line from pods to rows, until `signal` is aborted:
 *
 *   API server -> pods -> namespaces -> captures -> slots -> windows -> named edges -> rows -> sink
 *
 * @throws ConfigError when the networks file cannot be read
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { config, client, sink, log, problems, proc, signal } = options;
  const file = config.networksFile;
  const networks = file ? { networkOf: await followNetworks({ file, log, signal }) } : {};
  const directory = new Directory({
    node: config.node,
    rawUntilListed: config.sidecar !== undefined,
    ...networks,
  });
  const source = await chooseSource(config.capture, log);
  const ports = config.ports === 'service' && source === 'bpf' ? new DeclaredPorts() : undefined;
  const capture = new NodeCapture({
    proc,
    interfaces: config.interfaces,
    log,
    problems,
    sidecar: config.sidecar !== undefined,
    cpuBudget: config.cpuBudget,
    source,
    ports,
  });
  const local = config.sidecar ? [] : [localSubject(config.node)];
  const sync = new Sync([...resourcesOf(config), ...local]);
  const totals = new Totals(config.flowMetrics);
  const { cpu } = capture;
  const relay = config.relay && new RelayedClient(config.relay, client);
  const state = { client, relay, sink, proc, directory, sync, capture, totals, cpu };
  const reporter = new Reporter({ config, log, problems, ...state });
  const agentFields = new AgentFieldReader(atWindowEnd, state);
  const windows = new WindowQueue({ reporter, agentFields, log, problems, ...state });
  const health = new Health({ interval: config.interval, ...state });
  const metrics = exposition(statistics, state);
  const server = await serve(config.listen, health, metrics);
  const feed = new Feed({ config, ...state });
  const endLive = await serveLive({ path: config.topSocket, feed, problems });

  const following = new AbortController();
  if (config.sidecar) capture.pods.put(config.sidecar, false);
  const followed = followCluster({
    client,
    ...(relay && { shared: relay }),
    node: config.node,
    labels: config.podLabels.map(({ key }) => key),
    wanted: ({ namespace }) =>
      (config.namespaces?.has(namespace) ?? true) && !config.excludeNamespaces.has(namespace),
    directory,
    registry: config.sidecar ? undefined : capture.pods,
    ports,
    sync,
    signal: following.signal,
    log,
    problems,
    explain: (error) => faultOfApi(error, apiServer(client)),
  });

  void reportStartup({ config, log, signal, ...state });

  let settled: NodeJS.Timeout | undefined;
  const tick = () => {
    capture.tick();
    windows.flush();
    if (!settled && sync.complete) settled = setTimeout(collectGarbage, SETTLE).unref();
  };
  const closing = new Map<number, NodeJS.Timeout>();
  let last = 0;
  for await (const end of boundaries(config.interval, signal, tick)) {
    last = end;
    await capture.turn(end);
    windows.ended(end);
    const close = () => {
      closing.delete(end);
      windows.close(end);
      health.windowClosed();
    };
    // By then the slots that span the end have arrived.
    closing.set(end, setTimeout(close, GRACE));
  }

  // Rows have whole seconds: the last window must not have the second of the window before it.
  const end = Math.max(Date.now(), last + 1);
  for (const timer of closing.values()) clearTimeout(timer);
  await capture.turn(end, LAST_REPORTS);
  windows.ended(end);
  await capture.stop(LAST_REPORTS);
  for (const open of [...closing.keys(), end]) windows.close(open);
  // A sidecar's disk goes with its pod.
  await windows.end(config.sidecar === undefined);
  following.abort();
  endLive();
  server.close();
  // A slow client would keep the process until its time-out.
  server.closeAllConnections();
  await followed;
}

function collectGarbage(): void {
  if (!globalThis.gc) return;
  setFlagsFromString(NO_REPEATS);
  globalThis.gc(GARBAGE);
}
