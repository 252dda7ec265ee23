import { attribute } from '../lib/flows/attribute.ts';
import { mergeByName } from '../lib/flows/merge.ts';
import { top } from '../lib/flows/top.ts';
import { encodeAgent, encodeTraffic } from '../lib/influx/encode.ts';
import type { Directory } from '../lib/kubernetes/directory.ts';
import type { Log, Peer, Traffic } from '../lib/model.ts';
import type { Config } from './config.ts';
import type { Observatory } from './observatory.ts';
import { usage } from './usage.ts';

/** Where rows go: the queue before InfluxDB, or stdout. */
export interface Sink {
  push(lines: readonly string[]): void;
  readonly figures: { written: number; overflow: number; refused: number; bytes: number };
}

export interface ReporterOptions {
  readonly config: Config;
  readonly sink: Sink;
  readonly log: Log;
  readonly proc: string;
  readonly directory: Directory;
  readonly observatory: Observatory;
}

/** Makes rows of what the observatory has of a window, and one of what it took. */
export class Reporter {
  readonly #options: ReporterOptions;
  #apiRestarts = 0;
  #before: ReturnType<Reporter['totals']>;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#before = this.totals();
  }

  /** A list or watch has failed and is tried again. */
  apiRestarted(): void {
    this.#apiRestarts += 1;
  }

  /** Closes the oldest window of every pod, names its peers, and hands the rows on. */
  window(end: number): void {
    const { config, directory, observatory, sink, log } = this.#options;
    const { node, iface, interval } = config;
    const context = { node, iface, interval, zone: directory.zoneOf(node) };
    const traffic = mergeByName(observatory.close()).map(({ pod, window }): Traffic => {
      const edges = attribute(pod, window, (address) => this.#nameOf(address));
      const kept = top(edges, window.rest, config.peersPerPod);
      const { end, kernel } = window;
      return { pod, end, edges: kept, attributed: attributedOf(kept), kernel };
    });
    const rows = traffic.flatMap((each) => encodeTraffic(each, context));
    sink.push([...rows, this.#agentRow(end, traffic)]);
    log.info({ pods: observatory.figures.podsSeen, rows: rows.length }, 'window closed');
  }

  /** What has been counted since the start. */
  totals() {
    const { sink, observatory, proc } = this.#options;
    const { sessionRestarts, unparsedLines } = observatory.figures;
    const { written, overflow, refused } = sink.figures;
    return {
      sessionRestarts,
      unparsedLines,
      apiRestarts: this.#apiRestarts,
      rowsWritten: written,
      rowsLost: overflow + refused,
      cpuSeconds: usage(proc, observatory.processes).cpuSeconds,
    };
  }

  #agentRow(end: number, traffic: readonly Traffic[]): string {
    const { config, observatory, sink, proc } = this.#options;
    const now = this.totals();
    const since = (name: keyof typeof now) => Math.max(0, now[name] - this.#before[name]);
    const row = encodeAgent(config.node, end, {
      podsSeen: { integer: observatory.figures.podsSeen },
      sessions: { integer: observatory.figures.sessions },
      sessionRestarts: { integer: since('sessionRestarts') },
      unparsedLines: { integer: since('unparsedLines') },
      kernelBytes: {
        integer: sum(traffic, ({ kernel }) => kernel && kernel.sent + kernel.received),
      },
      attributedBytes: {
        integer: sum(traffic, ({ attributed: { sent, received } }) => sent + received),
      },
      spoolBytes: { integer: sink.figures.bytes },
      rowsWritten: { integer: since('rowsWritten') },
      rowsLost: { integer: since('rowsLost') },
      apiRestarts: { integer: since('apiRestarts') },
      cpuSeconds: { float: since('cpuSeconds') },
      rssBytes: { integer: usage(proc, observatory.processes).rssBytes },
    });
    this.#before = now;
    return row;
  }

  #nameOf(address: string): Peer {
    const peer = this.#options.directory.peer(address);
    const byWorkload = this.#options.config.peerDetail === 'workload' && peer.kind === 'pod';
    return byWorkload ? { ...peer, name: peer.workload } : peer;
  }
}

function attributedOf(edges: Traffic['edges']): Traffic['attributed'] {
  return { sent: sum(edges, ({ sent }) => sent), received: sum(edges, ({ received }) => received) };
}

function sum<T>(items: readonly T[], value: (item: T) => number | undefined): number {
  return items.reduce((total, item) => total + (value(item) ?? 0), 0);
}
