import type { ApiClient } from '../lib/kubernetes/client.ts';
import { Directory } from '../lib/kubernetes/directory.ts';
import type { Log } from '../lib/model.ts';
import { boundaries } from './clock.ts';
import { followCluster, RESOURCES } from './cluster.ts';
import type { Config } from './config.ts';
import type { Troubles } from './log.ts';
import { Health } from './health.ts';
import { serveHealth } from './http.ts';
import { followNetworks } from './networks.ts';
import { Observatory } from './observatory.ts';
import { Reporter, type Sink } from './report.ts';

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
 *
 * @throws ConfigError when the networks file cannot be read
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { config, client, sink, log, troubles, proc, signal } = options;
  if (config.networksFile) await followNetworks({ file: config.networksFile, log, signal });
  const directory = new Directory({ rawUntilListed: config.sidecar !== undefined });
  const observatory = new Observatory({
    proc,
    iface: config.iface,
    log,
    troubles,
    sidecar: config.sidecar !== undefined,
  });
  const reporter = new Reporter({ config, sink, log, proc, directory, observatory });

  const local = `pods with spec.nodeName=${config.node}`;
  const resources = config.sidecar ? [] : [...RESOURCES, local];
  const health = new Health({ interval: config.interval, observatory, resources });
  const server = await serveHealth(config.listen, health);

  const following = new AbortController();
  if (config.sidecar) observatory.put(config.sidecar);
  const followed = followCluster({
    client,
    node: config.node,
    wanted: ({ namespace }) =>
      (config.namespaces?.has(namespace) ?? true) && !config.excludeNamespaces.has(namespace),
    directory,
    observatory: config.sidecar ? undefined : observatory,
    signal: following.signal,
    restarted: () => reporter.apiRestarted(),
    listed: (resource) => health.listed(resource),
    log,
    troubles,
  });

  const closing = new Map<number, NodeJS.Timeout>();
  for await (const end of boundaries(config.interval, signal)) {
    observatory.turn(end);
    const close = () => {
      closing.delete(end);
      reporter.window(end);
      health.windowClosed();
    };
    closing.set(end, setTimeout(close, GRACE));
  }

  const end = Date.now();
  for (const timer of closing.values()) clearTimeout(timer);
  observatory.turn(end);
  await observatory.stop();
  for (const open of [...closing.keys(), end]) reporter.window(open);
  following.abort();
  server.close();
  await followed;
}
