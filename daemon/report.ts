import { attribute, keyOf } from '../lib/flows/attribute.ts';
import { mergeByName } from '../lib/flows/merge.ts';
import { missing, uncounted } from '../lib/flows/missing.ts';
import { top } from '../lib/flows/top.ts';
import { type AgentFields, encodeAgent, encodeTraffic } from '../lib/influx/encode.ts';
import type { ApiClient } from '../lib/kubernetes/client.ts';
import type { Directory } from '../lib/kubernetes/directory.ts';
import type { LocalPod, Log, Peer, Traffic, Window } from '../lib/model.ts';
import { Books } from './books.ts';
import type { Config } from './config.ts';
import type { Closed, Observatory } from './observatory.ts';
import { subjectOf } from './identity.ts';
import { Summary } from './summary.ts';
import type { Sync } from './sync.ts';
import type { Troubles } from './log.ts';
import type { Tally } from './tally.ts';
import { residentBytes } from './memory.ts';
import type { Cpu } from './usage.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink {
  /** Rows of a window that ended at `end`, in milliseconds. */
  push(lines: readonly string[], end: number): void;
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
  /** Rows that wait are in memory, because the disk does not take them. */
  readonly degraded: boolean;
  /** Rows that are neither written nor on disk. */
  readonly inMemory: number;
  /** Rows that are not written yet, on disk or not. */
  readonly waiting: number;
}

export interface ReporterOptions {
  readonly config: Config;
  readonly client: ApiClient;
  readonly sink: Sink;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly proc: string;
  readonly directory: Directory;
  readonly sync: Sync;
  readonly observatory: Observatory;
  readonly tally: Tally;
  readonly cpu: Cpu;
}

/** A window that is over, whose names may not be certain yet. */
interface Held {
  readonly end: number;
  /** When it was closed, by `performance.now()`: the wall clock may be set while it waits. */
  readonly at: number;
  readonly closed: readonly Closed[];
  readonly figures: AgentFields;
}

/**
 * What is heard of the cluster this long after a moment is what was true at that moment; windows are
 * closed so long after their end.
 */
export const GRACE = 4000;
/** A closed window waits so long for a directory that is right; then pods are not named in it. */
const PATIENCE = 120_000;
/** Slots of a window reach back before its start, but not so far. */
const REACH = 60_000;

/** Makes rows of what the observatory has of a window, and one of what it took. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #held: Held[] = [];
  readonly #books: Books;
  readonly #summary: Summary;
  /** The peers of every interface of a pod that have rows of their own in its last window. */
  #kept = new Map<string, ReadonlySet<string>>();
  #before: ReturnType<Reporter['totals']>;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { config, troubles } = options;
    this.#books = new Books({ interval: config.interval, troubles });
    this.#summary = new Summary(options);
    this.#before = this.totals();
  }

  /** Closes the oldest window of every interface; its rows follow when its names are certain. */
  close(end: number): void {
    const closed = this.#options.observatory.close();
    this.#held.push({ end, at: performance.now(), closed, figures: this.#figures() });
  }

  /** Hands on the rows of all windows that can be named; `last` does not wait for any. */
  flush({ last = false } = {}): void {
    const { directory, sync, troubles } = this.#options;
    for (let held = this.#held[0]; held; held = this.#held[0]) {
      const now = performance.now();
      // At the end there is no time to wait for what may be heard late.
      const grace = last ? 0 : GRACE;
      const certain = now >= sync.since + grace;
      if (!certain && !last && now < held.at + PATIENCE) return;
      this.#held.shift();
      if (certain) troubles.over('names');
      else {
        const what = 'peers of windows are not named, since the cluster was not followed';
        troubles.say('names', what, { resources: sync.lateFor(now - grace) });
      }
      this.#report(held, certain);
      directory.forget(held.end - REACH);
    }
  }

  /** What has been counted since the start. */
  totals() {
    const { sink, observatory, cpu, directory, client, sync } = this.#options;
    const { sessionRestarts, unparsedLines } = observatory.figures;
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

  #report({ end, at, closed, figures }: Held, certain: boolean): void {
    const { config, directory, sink, sync, tally } = this.#options;
    const { node, interval } = config;
    const context = { node, interval, zone: directory.zoneOf(node) };
    const told = closed.filter(({ of }) => of.told === 'wanted');
    const named = told.map(({ of: { pod }, iface, window }) => ({ pod, iface, window }));
    const traffic = mergeByName(named).map((each) => this.#traffic(each, certain));
    const rows = traffic.flatMap((each) => encodeTraffic(each, context));
    this.#kept = new Map(
      traffic.map(({ pod, iface, edges }) => [
        subjectOf(pod, iface),
        new Set(edges.map(({ peer }) => keyOf(peer))),
      ]),
    );
    this.#books.audit(traffic);
    const untold = closed.filter(({ of }) => of.told === 'nothing').map(({ window }) => window);
    // A watch that ends in its time and is renewed costs at most the grace, and no window is late for it.
    const late = !certain || sync.since > at;
    const before = tally.sums;
    tally.add({ end, traffic, untold, late, certain, rows });
    const now = tally.sums;
    const since = (of: keyof typeof now) => ({ integer: now[of] - before[of] });
    const agent = encodeAgent(config, end, {
      ...figures,
      series: { integer: tally.series },
      missingUncaptured: since('uncaptured'),
      missingOverload: since('overload'),
      missingPaused: since('paused'),
      missingOther: since('other'),
      kernelBytes: since('kernel'),
      uncountedBytes: since('uncounted'),
      podsUncounted: { integer: tally.uncountedPods },
      attributedBytes: since('attributed'),
      staleBytes: since('stale'),
      unnamedBytes: since('unnamed'),
    });
    sink.push([...rows, agent], end);
    this.#summary.add(traffic.length, rows.length);
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
  #figures(): AgentFields {
    const { observatory, sink, proc, sync } = this.#options;
    const now = this.totals();
    const names = Object.keys(now) as (keyof typeof now)[];
    const { cpuSeconds, ...counts } = Object.fromEntries(
      names.map((name) => [name, Math.max(0, now[name] - this.#before[name])]),
    ) as typeof now;
    this.#before = now;
    const { podsSeen, sessions, sessionsOverloaded, sessionsPaused } = observatory.figures;
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
      rssBytes: residentBytes(proc, ['self', ...observatory.processes]),
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

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
