import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf } from '../../lib/error-of.ts';
import type { Directory } from '../../lib/naming/directory.ts';
import type { Log } from '../../lib/model.ts';
import type { Config } from '../config.ts';
import {
  apiServer,
  faultOfApi,
  captureRemedy,
  NAMESPACES_REMEDY,
  NODE_REMEDY,
  spoolRemedy,
} from './remedies.ts';
import { INTERFACES_REMEDY } from '../../lib/capture/pod-interfaces.ts';
import { captureLoopback } from './loopback-capture.ts';
import type { PodRegistry } from '../../lib/capture/pod-registry.ts';
import type { Sink } from '../../lib/report/reporter.ts';
import { isLocal, type Sync, withoutThem } from '../../lib/kubernetes/sync.ts';
import type { Totals } from '../../lib/report/totals.ts';
import { capturesOf, counted } from '../../lib/words.ts';

export interface StartupReportOptions {
  readonly config: Pick<Config, 'node' | 'interval' | 'spool' | 'sidecar'>;
  readonly client?: Parameters<typeof apiServer>[0];
  readonly proc: string;
  readonly directory: Pick<Directory, 'hasNode'>;
  readonly registry: Pick<PodRegistry, 'figures'>;
  readonly sync: Pick<Sync, 'states'>;
  readonly totals: Pick<Totals, 'windows'>;
  readonly sink: Pick<Sink, 'figures'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Something that is as it should be, or is not and has a remedy. */
interface Finding {
  readonly what: string;
  readonly fix?: string;
  readonly error?: string;
}

/** When the first window should be there, in milliseconds; but with long ones sooner. */
const WAIT = { least: 15_000, window: 6000, most: 60_000 };

/**
 * What --check tries beforehand the daemon proves by working, which costs nothing: once, when it has
 * had time for that, the log says what is there, and of each thing that is not how to mend it. Only
 * what no pod has proven is tried apart. InfluxDB is not asked: the first window is for that.
 */
export async function reportStartup(options: StartupReportOptions): Promise<void> {
  const { config, log, signal, sink, totals } = options;
  const wait = Math.min(WAIT.most, Math.max(WAIT.least, config.interval + WAIT.window));
  await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
  if (signal.aborted) return;
  const captured = await captures(options);
  if (signal.aborted) return;
  const findings = [
    ...captured,
    ...ofResources(options),
    ...spool(config.spool.directory, sink.figures),
  ];
  const good = findings.filter(({ fix }) => fix === undefined).map(({ what }) => what);
  const windows = `${counted(totals.windows, 'window')} named`;
  log.info({ good: [...good, windows] }, 'a first look at what is there');
  for (const { what, ...rest } of findings)
    if (rest.fix !== undefined) log.warn(rest, `a first look finds a fault: ${what}`);
}

async function captures({
  config,
  proc,
  registry,
  signal,
}: StartupReportOptions): Promise<Finding[]> {
  const { podsReady, sessions } = registry.figures;
  if (sessions > 0)
    return [{ what: capturesOf(sessions, podsReady) }, ...uncaptured(registry.figures, proc)];
  try {
    await captureLoopback(proc, config.sidecar !== undefined, signal);
  } catch (error) {
    const failure = errorOf(error);
    return [{ what: `capture: ${failure.message}`, fix: captureRemedy(failure) }];
  }
  const what = 'no capture runs yet, but iftop can';
  return [{ what }, ...uncaptured(registry.figures, proc)];
}

export function uncaptured(
  { podsUnfound, states }: Pick<PodRegistry['figures'], 'podsUnfound' | 'states'>,
  proc: string,
): Finding[] {
  const unfound = `of ${counted(podsUnfound, 'pod')} no network namespace is found in ${proc}`;
  // The log has said of each of them why.
  const unavailable = `${counted(states.unavailable, 'interface')} cannot be captured, or pods that have none of IFACE`;
  return [
    ...(podsUnfound > 0 ? [{ what: unfound, fix: NAMESPACES_REMEDY }] : []),
    ...(states.unavailable > 0 ? [{ what: unavailable, fix: INTERFACES_REMEDY }] : []),
  ];
}

/** What is found of the resources; of one whose list has not had its turn yet nothing is. */
export function ofResources({
  config,
  client = { server: '', inCluster: false },
  sync,
  directory,
}: Pick<StartupReportOptions, 'config' | 'client' | 'sync' | 'directory'>): Finding[] {
  const server = apiServer(client);
  const nodes = sync.states.find(({ resource }) => resource === 'nodes');
  const isListed = nodes?.listed && !directory.hasNode(config.node);
  const stranger = isListed
    ? [{ what: `the API server has no node ${config.node}`, fix: NODE_REMEDY }]
    : [];
  // What is wrong with the server is wrong once, not with each resource.
  const lost = sync.states.filter(
    ({ followed, denied, restarts }) => !followed && !denied && restarts > 0,
  );
  const unreachable = lost.slice(-1).map(({ error }): Finding => {
    const { what, fix } = faultOfApi(error, server);
    const resources = lost.map(({ resource }) => resource).join(', ');
    return { what: `${resources}: not followed`, error: what, fix };
  });
  return sync.states
    .flatMap(({ resource, listed, denied, followed, error }): Finding[] => {
      if (followed) return [{ what: `${resource}: followed` }];
      // A sidecar is content with addresses.
      if (denied && config.sidecar) return [{ what: `${resource}: denied` }];
      if (!denied) return [];
      const without = isLocal(resource) ? `, ${withoutThem(resource, listed)}` : '';
      const what = `${resource}: we may not list and watch them${without}`;
      return [{ what, fix: faultOfApi(error, server).fix }];
    })
    .concat(unreachable, stranger);
}

function spool(directory: string, { failure }: Sink['figures']): Finding[] {
  if (!failure) return [];
  const what = `SPOOL_DIR ${directory}: it takes no rows: ${failure.message}`;
  return [{ what, fix: spoolRemedy(failure) }];
}
