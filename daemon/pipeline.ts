import type { ApiClient } from '../lib/kubernetes/client/client.ts';
import { Directory } from '../lib/naming/directory.ts';
import type { Log } from '../lib/model.ts';
import { boundaries } from '../lib/report/window-clock.ts';
import { followCluster, localSubject, resourcesOf } from '../lib/kubernetes/follow-cluster.ts';
import type { Config } from './config.ts';
import type { Problems } from './log.ts';
import { apiServer, faultOfApi } from './check/remedies.ts';
import { reportStartup } from './check/startup-report.ts';
import { collectGarbage } from './garbage.ts';
import { Health } from './http/health.ts';
import { serve } from './http/server.ts';
import { exposition } from './http/metrics/exposition.ts';
import { allMetrics } from './http/metrics/all.ts';
import { followNetworks } from '../lib/naming/follow-networks.ts';
import { PodRegistry } from '../lib/capture/pod-registry.ts';
import { Reporter, type Sink } from '../lib/report/reporter.ts';
import { Sync } from '../lib/kubernetes/sync.ts';
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

/** At our end captures have so long for a last report: a kubelet in a hurry kills after two seconds. */
const LAST_REPORTS = 850;
/** How often windows that wait for their names are looked at. */
const FLUSH_EVERY = 500;
/** So long after everything has been listed, what that took is garbage. */
const SETTLE = 5000;

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
  const directory = new Directory({ rawUntilListed: config.sidecar !== undefined, ...networks });
  const registry = new PodRegistry({
    proc,
    interfaces: config.interfaces,
    log,
    problems,
    sidecar: config.sidecar !== undefined,
    cpuBudget: config.cpuBudget,
  });
  const local = config.sidecar ? [] : [localSubject(config.node)];
  const sync = new Sync([...resourcesOf(config), ...local]);
  const totals = new Totals(config.flowMetrics);
  const { cpu } = registry;
  const state = { client, sink, proc, directory, sync, registry, totals, cpu };
  const reporter = new Reporter({ config, log, problems, ...state });
  const windows = new WindowQueue({ reporter, log, problems, ...state });
  const health = new Health({ interval: config.interval, ...state });
  const metrics = exposition(allMetrics({ node: config.node, ...state }));
  const server = await serve(config.listen, health, metrics);

  const following = new AbortController();
  if (config.sidecar) registry.put(config.sidecar, false);
  const followed = followCluster({
    client,
    node: config.node,
    wanted: ({ namespace }) =>
      (config.namespaces?.has(namespace) ?? true) && !config.excludeNamespaces.has(namespace),
    directory,
    registry: config.sidecar ? undefined : registry,
    sync,
    signal: following.signal,
    log,
    problems,
    explain: (error) => faultOfApi(error, apiServer(client)),
  });

  void reportStartup({ config, log, signal, ...state });

  let settled: NodeJS.Timeout | undefined;
  const flushing = setInterval(() => {
    windows.flush();
    if (sync.complete) settled ??= setTimeout(collectGarbage, SETTLE).unref();
  }, FLUSH_EVERY);
  const closing = new Map<number, NodeJS.Timeout>();
  let last = 0;
  for await (const end of boundaries(config.interval, signal)) {
    last = end;
    registry.turn(end);
    windows.ended(end);
    const close = () => {
      closing.delete(end);
      windows.close(end);
      health.windowClosed();
    };
    // By then the slots that span the end have come.
    closing.set(end, setTimeout(close, GRACE));
  }

  // Rows have whole seconds: the last window must not have the one of the window before it.
  const end = Math.max(Date.now(), last + 1);
  clearInterval(flushing);
  for (const timer of closing.values()) clearTimeout(timer);
  registry.turn(end);
  windows.ended(end);
  await registry.stop(LAST_REPORTS);
  for (const open of [...closing.keys(), end]) windows.close(open);
  // A sidecar's disk goes with its pod.
  await windows.end(config.sidecar === undefined);
  following.abort();
  server.close();
  // Whoever sends or reads slowly would keep us for as long as the server has patience.
  server.closeAllConnections();
  await followed;
}
