import type { Size } from '../api/cluster.ts';
import { megabytes, number } from '../node/figures.ts';
import type { Table } from '../result.ts';
import type { Delays } from './crowd.ts';
import type { Stuck } from './stuck.ts';

/** What was measured of agents at some relays; with two relays the figures are of the busier one. */
export interface Measured {
  readonly agents: number;
  /** 0: they asked the API server. */
  readonly relays: number;
  /** From the start of all agents until the last of them followed everything. */
  readonly start: {
    readonly seconds: number;
    /** Watches that had not begun 45 s after the start. */
    readonly missing: number;
    /** Those at the API server, and bytes and CPU seconds of it. */
    readonly lists: number;
    readonly apiBytes: number;
    readonly apiCpu: number;
    readonly relayCpu: number;
    /** Bytes. */
    readonly relayPeak: number;
    /** Lists and bytes that the agents have received. */
    readonly listed: number;
    readonly received: number;
  };
  /** Of a second, as all is followed. */
  readonly follow: {
    /** Since the start. */
    readonly apiRequests: number;
    readonly apiBytes: number;
    readonly apiCpu: number;
    readonly agentBytes: number;
    /** Of all agents. */
    readonly crowdCpu: number;
    readonly relayCpu: number;
    readonly relayPss: number;
    readonly relayRss: number;
    readonly delay: Delays;
    /** To an agent that shares its process with no other. */
    readonly observed: Delays;
  };
  readonly stuck: Stuck | undefined;
  /** The errors after which agents tried again, each once. */
  readonly failures: readonly string[];
}

interface Scene {
  readonly size: Size;
  readonly seconds: number;
}

export function tableOf(runs: readonly Measured[], { size, seconds }: Scene): Table {
  const ofRelay = (cell: (run: Measured) => string) => (run: Measured) =>
    run.relays > 0 ? cell(run) : '–';
  const first = runs.find(({ relays }) => relays === 0);
  /** What agents by themselves would take: it grows with their number. */
  const alone = (figure: (run: Measured) => number) =>
    (1000 / (first?.agents ?? NaN)) * (first ? figure(first) : NaN);
  const rows: readonly [string, (run: Measured) => string, string][] = [
    ['**all agents start at once**', () => '', ''],
    [
      'until the last follows everything',
      ({ start }) => `${number(start.seconds, 1)} s${notYet(start.missing)}`,
      '',
    ],
    ['lists at the API server', ({ start }) => number(start.lists), '4,000'],
    [
      'lists sent by the API server',
      ({ relays, start }) => (relays > 0 ? '–' : `${megabytes(start.received)} MB`),
      `${megabytes(alone(({ start }) => start.received))} MB`,
    ],
    ['received by an agent', ({ agents, start }) => `${megabytes(start.received / agents)} MB`, ''],
    ['CPU of a relay', ofRelay(({ start }) => `${number(start.relayCpu, 1)} s`), ''],
    [
      'resident memory of a relay, at the most',
      ofRelay(({ start }) => `${megabytes(start.relayPeak)} MB`),
      '',
    ],
    ['**to follow**', () => '', ''],
    [
      'sent by the API server, a minute',
      ({ follow }) => `${megabytes(follow.apiBytes * 60)} MB`,
      `${megabytes(60 * alone(({ follow }) => follow.apiBytes))} MB`,
    ],
    ['CPU of the API server', ({ follow }) => percent(follow.apiCpu), ''],
    [
      'received by an agent, a minute',
      ({ follow }) => `${number((follow.agentBytes * 60) / 1e6, 2)} MB`,
      '',
    ],
    ['CPU of a relay', ofRelay(({ follow }) => percent(follow.relayCpu)), ''],
    ['memory of a relay (PSS)', ofRelay(({ follow }) => `${megabytes(follow.relayPss)} MB`), ''],
    ['CPU of all agents', ({ follow }) => percent(follow.crowdCpu), ''],
    [
      'from the change to an agent: median, p99',
      ({ follow }) => `${number(follow.delay.median)}, ${number(follow.delay.p99)} ms`,
      '',
    ],
    [
      'to one more, in a process of its own',
      ofRelay(
        ({ follow: { observed } }) => `${number(observed.median)}, ${number(observed.p99)} ms`,
      ),
      '',
    ],
  ];
  const cluster = [size.pods, size.services, size.nodes].map((count) => number(count));
  return {
    name: 'relay',
    text:
      `${cluster[0]} pods, ${cluster[1]} services and ${cluster[2]} nodes on the stand-in API server, 30 changes of pods a ` +
      `second, followed for ${seconds} s. Of two relays the figures are those of the busier one. CPU in % of a core:`,
    head: [
      '',
      ...runs.map(({ agents, relays }) => {
        const where = relays === 0 ? 'no relay' : relays === 1 ? 'one relay' : `${relays} relays`;
        return `${number(agents)} at ${where}`;
      }),
      '1,000 at no relay, extrapolated',
    ],
    rows: rows.map(([what, cell, extrapolated]) => [what, ...runs.map(cell), extrapolated]),
  };
}

export function stuckTable(runs: readonly Measured[]): Table {
  const all = runs.flatMap(({ stuck }) => stuck ?? []);
  return {
    name: 'stuck',
    text: 'Clients that begin a watch of pods at a relay and read nothing of it, while many pods change at once:',
    head: ['clients', 'changes', 'resident before', 'at the most', 'cut off'],
    rows: all.map(({ clients, changes, before, most, cutOff }) => [
      number(clients),
      number(changes),
      `${megabytes(before)} MB`,
      `${megabytes(most)} MB`,
      number(cutOff),
    ]),
  };
}

function notYet(missing: number): string {
  return missing > 0 ? `, but for ${missing} watches` : '';
}

function percent(share: number): string {
  return `${number(share * 100)} %`;
}
