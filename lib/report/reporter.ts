import { sum } from '../sum.ts';
import { attribute, keyOf } from '../naming/attribute.ts';
import { mergeByName } from '../accounting/merge.ts';
import { missing, uncounted } from '../accounting/missing.ts';
import { top } from './top.ts';
import { type AgentFields, encodeAgent, encodeTraffic } from '../influx/line-protocol.ts';
import type { StoredWindow } from '../influx/spool/stored-window.ts';
import type { ApiClient } from '../kubernetes/client/client.ts';
import type { Directory } from '../naming/directory.ts';
import type { LocalPod, Log, Peer, Traffic, ProblemLog, Window } from '../model.ts';
import { Reconciliation } from './reconciliation.ts';
import type { PodRegistry } from '../capture/pod-registry.ts';
import { podsOf, subjectOf } from '../capture/identity.ts';
import { Summary } from './summary.ts';
import type { Sync } from '../kubernetes/sync.ts';
import type { Totals } from './totals.ts';
import { residentBytes } from '../linux/memory.ts';
import type { CpuTime } from '../linux/cpu-time.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink {
  /** Rows of a window that ended at `end`, in milliseconds. */
  push(lines: readonly string[], end: number): void;
  /** Keeps a window on disk until its rows are pushed, in place of what it was before. */
  keep(window: StoredWindow): void;
  /** Whether a window is on disk, for as long as its rows are not. */
  keeps(end: number): boolean;
  /** Resolves when the disk has, or has not, taken all that it was given. */
  stored(): Promise<void>;
  /** Windows that an earlier process kept; each is given out once. */
  takeLeft(): readonly StoredWindow[];
  readonly figures: SinkFigures;
}

/** Counts of rows and windows since the start, and what waits now. */
interface SinkFigures {
  readonly written: number;
  readonly refused: number;
  readonly dropped: number;
  readonly damaged: number;
  readonly windowsDropped: number;
  readonly retries: number;
  readonly bytes: number;
  /** The end of the oldest window that waits, in milliseconds. */
  readonly oldest: number | undefined;
  /** Rows that wait are in memory, because the disk does not take them, and why it does not. */
  readonly degraded: boolean;
  readonly failure?: Error | undefined;
  /** Rows that are neither written nor on disk. */
  readonly inMemory: number;
  /** Rows that are not written yet, on disk or not. */
  readonly waiting: number;
}

/** The settings that rows depend on. */
interface ReporterConfig {
  readonly node: string;
  readonly sidecar: LocalPod | undefined;
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly peersPerPod: number;
  readonly peerDetail: 'pod' | 'workload';
}

export interface ReporterOptions {
  readonly config: ReporterConfig;
  readonly client: ApiClient;
  readonly sink: Sink;
  readonly log: Log;
  readonly problems: ProblemLog;
  readonly proc: string;
  readonly directory: Directory;
  readonly sync: Sync;
  readonly registry: PodRegistry;
  readonly totals: Totals;
  readonly cpu: CpuTime;
}

/** How far the names of a window can be trusted. */
interface Trust {
  /** All that was heard of the cluster was heard in time. */
  readonly certain: boolean;
  /** It had to wait for that. */
  readonly late: boolean;
}

/** Makes rows of what has been captured in a window, and one of what that took. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #books: Reconciliation;
  readonly #summary: Summary;
  /** The peers of every interface of a pod that have rows of their own in its last window. */
  #kept = new Map<string, ReadonlySet<string>>();
  #before: ReturnType<Reporter['totals']>;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { config, problems } = options;
    this.#books = new Reconciliation({ interval: config.interval, problems });
    this.#summary = new Summary(options);
    this.#before = this.totals();
  }

  /** What has been counted since the start. */
  totals() {
    const { sink, registry, cpu, directory, client, sync } = this.#options;
    const { sessionRestarts, unparsedLines } = registry.figures;
    const { written, refused, dropped, damaged, windowsDropped, retries } = sink.figures;
    const used = cpu.read();
    return {
      sessionRestarts,
      unparsedLines,
      ambiguousPeers: directory.ambiguous,
      apiRestarts: sync.restarts,
      apiRequests: client.figures.requests,
      apiBytes: client.figures.bytes,
      rowsWritten: written,
      rowsLost: refused + dropped + damaged,
      rowsRefused: refused,
      rowsDropped: dropped,
      rowsDamaged: damaged,
      windowsDropped,
      writeRetries: retries,
      cpuSeconds: used.daemon + used.iftop,
    };
  }

  report({ end, pods, figures }: StoredWindow, { certain, late }: Trust): void {
    const { config, directory, sink, totals } = this.#options;
    const { node, interval } = config;
    const context = { node, interval, zone: directory.zoneOf(node) };
    const named = pods.filter(({ selection }) => selection === 'selected');
    const traffic = mergeByName(named).map((each) => this.#traffic(each, certain));
    const rows = traffic.flatMap((each) => encodeTraffic(each, context));
    this.#kept = new Map(
      traffic.map(({ pod, iface, edges }) => [
        subjectOf(pod, iface),
        new Set(edges.map(({ peer }) => keyOf(peer))),
      ]),
    );
    this.#books.audit(traffic);
    const unknown = pods
      .filter(({ selection }) => selection === 'unknown')
      .map(({ window }) => window);
    const before = totals.sums;
    totals.add({ end, traffic, unknown, late, certain, rows });
    const now = totals.sums;
    const since = (of: keyof typeof now) => ({ integer: now[of] - before[of] });
    const agent = encodeAgent(config, end, {
      ...figures,
      series: { integer: totals.series },
      missingUncaptured: since('uncaptured'),
      missingOverload: since('overload'),
      missingPaused: since('paused'),
      missingOther: since('other'),
      kernelBytes: since('kernel'),
      uncountedBytes: since('uncounted'),
      podsUncounted: { integer: totals.uncountedPods },
      attributedBytes: since('attributed'),
      staleBytes: since('stale'),
      unnamedBytes: since('unnamed'),
    });
    sink.push([...rows, agent], end);
    this.#summary.add(end, podsOf(traffic), rows.length);
  }

  #traffic(
    {
      pod,
      iface,
      window,
    }: { readonly pod: LocalPod; readonly iface: string; readonly window: Window },
    certain: boolean,
  ): Traffic {
    const edges = attribute(pod, window, (...what) => this.#nameOf(...what, certain));
    const before = this.#kept.get(subjectOf(pod, iface));
    const kept = top(edges, window.rest, this.#options.config.peersPerPod, before);
    const { end, kernel, overloaded } = window;
    const paused = window.paused !== undefined;
    const attributed = attributedOf(kept);
    const books = {
      kernel,
      uncounted: uncounted(window, attributed),
      missing: missing(window, attributed),
    };
    return { pod, iface, end, edges: kept, attributed, ...books, overloaded, paused };
  }

  #nameOf(...what: Parameters<Directory['peer']>): Peer {
    const { directory, config } = this.#options;
    const peer = directory.peer(...what);
    const byWorkload = config.peerDetail === 'workload' && peer.kind === 'pod';
    return byWorkload ? { ...peer, name: peer.workload } : peer;
  }

  /** What this agent did since it was asked last. */
  figures(): AgentFields {
    const { registry, sink, proc, sync } = this.#options;
    const now = this.totals();
    const names = Object.keys(now) as (keyof typeof now)[];
    const { cpuSeconds, ...counts } = Object.fromEntries(
      names.map((name) => [name, Math.max(0, now[name] - this.#before[name])]),
    ) as typeof now;
    this.#before = now;
    const { podsSeen, sessions, sessionsOverloaded, sessionsPaused } = registry.figures;
    const { bytes, oldest = Date.now(), degraded } = sink.figures;
    const gauges = {
      podsSeen,
      sessions,
      sessionsOverloaded,
      sessionsPaused,
      spoolBytes: bytes,
      spoolSeconds: Math.max(0, (Date.now() - oldest) / 1000),
      spoolDegraded: degraded ? 1 : 0,
      deniedResources: sync.denied.length,
      rssBytes: residentBytes(proc, ['self', ...registry.processes]),
    };
    const integers = Object.entries({ ...gauges, ...counts }).map(
      ([name, integer]) => [name, { integer }] as const,
    );
    return { ...Object.fromEntries(integers), cpuSeconds: { float: cpuSeconds } };
  }
}

function attributedOf(edges: Traffic['edges']): Traffic['attributed'] {
  return { sent: sum(edges, ({ sent }) => sent), received: sum(edges, ({ received }) => received) };
}
