import { setTimeout as sleep } from 'node:timers/promises';
import { whyNotBpf } from '../../lib/bpf/probe.ts';
import { CONDITIONS } from '../../lib/conditions.ts';
import { errorOf } from '../../lib/error-of.ts';
import type { NodeCapture } from '../../lib/capture/node-capture.ts';
import { deniedCondition, type Sync } from '../../lib/kubernetes/sync.ts';
import type { Log } from '../../lib/model.ts';
import type { Directory } from '../../lib/naming/directory.ts';
import type { Sink } from '../../lib/report/sink.ts';
import type { Totals } from '../../lib/report/totals.ts';
import { capturesOf, counted } from '../../lib/words.ts';
import type { Config } from '../config.ts';
import { type Finding, findingOf } from './finding.ts';
import { captureLoopback } from './loopback-capture.ts';
import {
  type apiServer,
  apiFinding,
  captureRemedy,
  spoolCondition,
  spoolRemedy,
} from './remedies.ts';

export interface StartupReportOptions {
  readonly config: Pick<Config, 'node' | 'interval' | 'spool' | 'sidecar'>;
  readonly client?: Parameters<typeof apiServer>[0];
  readonly proc: string;
  readonly directory: Pick<Directory, 'hasNode'>;
  readonly capture: Pick<NodeCapture, 'figures' | 'source'>;
  readonly sync: Pick<Sync, 'states'>;
  readonly totals: Pick<Totals, 'windows'>;
  readonly sink: Pick<Sink, 'figures'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A sentence about what is good, or a finding. */
type Result = string | Finding;

/** Milliseconds until the report: `window` after the end of the first window, within two bounds. */
const WAIT = { least: 15_000, window: 6000, most: 60_000 };

/**
 * Logs once, some time after the start, what works, and the remedy for what does not. A running capture and a followed
 * resource need no trial; iftop is tried if no capture runs. InfluxDB is not tried: the first window is written to it.
 */
export async function reportStartup(options: StartupReportOptions): Promise<void> {
  const { config, log, signal, sink, totals } = options;
  const wait = Math.min(WAIT.most, Math.max(WAIT.least, config.interval + WAIT.window));
  await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
  if (signal.aborted) return;
  const captured = await captures(options);
  if (signal.aborted) return;
  const results = [
    ...captured,
    ...ofResources(options),
    ...spool(config.spool.directory, sink.figures),
  ];
  const good = results.filter((result) => typeof result === 'string');
  log.info({ good: [...good, `${counted(totals.windows, 'window')} named`] }, 'startup report');
  for (const result of results) {
    if (typeof result === 'string') continue;
    const { condition, what: error, fix } = result;
    log.warn({ error, fix }, `startup report: ${condition.sentence}`);
  }
}

async function captures({
  config,
  proc,
  capture,
  signal,
}: StartupReportOptions): Promise<Result[]> {
  const { podsReady, captures } = capture.figures;
  const others = uncaptured(capture.figures, proc);
  const isCounted = capture.source === 'bpf';
  const by = isCounted ? 'in the kernel' : 'by iftop';
  if (captures > 0) return [`${capturesOf(captures, podsReady)}, ${by}`, ...others];
  if (isCounted) {
    const why = await whyNotBpf();
    if (why !== undefined) return [findingOf(CONDITIONS.countingImpossible, new Error(why))];
    return ['no capture runs yet, but the kernel can count', ...others];
  }
  try {
    await captureLoopback(proc, config.sidecar !== undefined, signal);
  } catch (error) {
    const failure = errorOf(error);
    return [findingOf(CONDITIONS.captureImpossible, failure, captureRemedy(failure))];
  }
  return ['no capture runs yet, but iftop can', ...others];
}

export function uncaptured(
  { podsUnfound, states }: Pick<NodeCapture['figures'], 'podsUnfound' | 'states'>,
  proc: string,
): Finding[] {
  const { namespaceNotFound, interfaceMissing } = CONDITIONS;
  const unfound = `of ${counted(podsUnfound, 'pod')} no network namespace is found in ${proc}`;
  // The log has the reason for each interface.
  const unavailable = `${counted(states.unavailable, 'interface')} cannot be captured, or pods that have none of IFACE`;
  return [
    ...(podsUnfound > 0 ? [findingOf(namespaceNotFound, new Error(unfound))] : []),
    ...(states.unavailable > 0 ? [findingOf(interfaceMissing, new Error(unavailable))] : []),
  ];
}

/** A result for each resource, except those whose first list is under way. */
export function ofResources({
  config,
  client = { server: '', inCluster: false },
  sync,
  directory,
}: Pick<StartupReportOptions, 'config' | 'client' | 'sync' | 'directory'>): Result[] {
  const nodes = sync.states.find(({ resource }) => resource === 'nodes');
  const isUnknown = nodes?.listed && !directory.hasNode(config.node);
  const unknown = isUnknown
    ? [findingOf(CONDITIONS.nodeUnknown, new Error(`no node ${config.node}`))]
    : [];
  // A server that is gone is one finding, not one for each resource.
  const lost = sync.states.filter(
    ({ followed, denied, restarts }) => !followed && !denied && restarts > 0,
  );
  const unreachable = lost.slice(-1).map(({ resource, error }): Finding => {
    const finding = apiFinding(error, client, resource);
    const resources = lost.map((each) => each.resource).join(', ');
    return { ...finding, what: `${resources}: ${finding.what}` };
  });
  const results = sync.states.flatMap(({ resource, listed, denied, followed, error }): Result[] => {
    if (followed) return [`${resource}: followed`];
    // A sidecar may do without names.
    if (denied && config.sidecar) return [`${resource}: denied`];
    if (!denied) return [];
    const { what, fix } = apiFinding(error, client, resource);
    return [{ condition: deniedCondition(resource, listed), what: `${resource}: ${what}`, fix }];
  });
  return [...results, ...unreachable, ...unknown];
}

function spool(directory: string, { failure }: Sink['figures']): Finding[] {
  if (!failure) return [];
  const fault = new Error(`${directory}: ${failure.message}`);
  return [findingOf(spoolCondition(failure), fault, spoolRemedy(failure))];
}
