import type { Table } from '../result.ts';
import type { Size } from './cluster.ts';

/** What was measured of one agent. Bytes are of bodies as they were sent. */
export interface Column {
  readonly name: string;
  readonly list: {
    readonly lists: number;
    readonly watches: number;
    readonly bytes: number;
    readonly connections: number;
    /** From the first whole list's request until all are here. */
    readonly seconds: number;
    readonly cpu: number;
    /** Resident memory before and after it, and the most until now. */
    readonly before: number;
    readonly after: number;
    readonly peak: number;
    /** What is live after it and was not before. */
    readonly heap: number;
  };
  /** Of following, on average. */
  readonly minute: {
    readonly lists: number;
    readonly watches: number;
    readonly bytes: number;
    readonly cpu: number;
  };
  readonly hour: { readonly requests: number };
  /** Resident memory at the end. */
  readonly resident: number;
  /** What its directory alone has on the heap; undefined if it has none. */
  readonly directory: number | undefined;
}

interface Scene {
  readonly size: Size;
  /** Mean size of an object as JSON. */
  readonly bytes: { readonly pod: number };
  readonly seconds: number;
  /** To pods. */
  readonly changes: number;
}

export function tableOf(
  columns: readonly Column[],
  { size, bytes, seconds, changes }: Scene,
): Table {
  const { pods, services, nodes } = size;
  const objects = pods + services + nodes;
  const each = (heap: number) => `${Math.round(heap / objects).toLocaleString('en')} B`;
  const rows: readonly [string, (column: Column) => string][] = [
    ['**to list everything**', () => ''],
    ['lists, watches begun', ({ list }) => `${list.lists}, ${list.watches}`],
    ['TLS connections', ({ list }) => `${list.connections}`],
    ['received, gzipped', ({ list }) => megabytes(list.bytes)],
    ['time, the stand-in’s included', ({ list }) => `${list.seconds.toFixed(1)} s`],
    ['CPU of the client', ({ list }) => `${list.cpu.toFixed(1)} s`],
    [
      'resident before, after; at most',
      ({ list }) => `${megabytes(list.before)}, ${megabytes(list.after)}; ${megabytes(list.peak)}`,
    ],
    ['heap that stays, an object', ({ list }) => each(list.heap)],
    [
      'the directory alone, in a process of its own, an object',
      ({ directory }) => (directory === undefined ? '–' : each(directory)),
    ],
    ['**to follow, a minute**', () => ''],
    ['lists, watches begun', ({ minute }) => `${fixed(minute.lists)}, ${fixed(minute.watches)}`],
    ['received', ({ minute }) => megabytes(minute.bytes)],
    ['CPU of the client', ({ minute }) => `${minute.cpu.toFixed(2)} s`],
    ['resident at the end', ({ resident }) => megabytes(resident)],
    [`**an hour, extrapolated from ${seconds} s**`, () => ''],
    ['requests, by the time-outs that watches ask for', ({ hour }) => hour.requests.toFixed(0)],
    ['received', ({ minute }) => megabytes(minute.bytes * 60)],
    ['CPU of the client', ({ minute }) => `${(minute.cpu * 60).toFixed(0)} s`],
  ];
  const cluster = [pods, services, nodes].map((count) => count.toLocaleString('en'));
  return {
    name: 'api',
    text:
      `A cluster of ${cluster[0]} pods (${(bytes.pod / 1000).toFixed(1)} kB each), ${cluster[1]} services and ` +
      `${cluster[2]} nodes on the stand-in API server is listed, and followed for ${seconds} s with ` +
      `${changes.toLocaleString('en')} changes of pods, by an agent and beside it by the informers of ` +
      '@kubernetes/client-node. Bytes are of bodies as the server sent them:',
    head: ['', ...columns.map(({ name }) => name)],
    rows: rows.map(([what, cell]) => [what, ...columns.map(cell)]),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function fixed(count: number): string {
  return count.toFixed(1).replace('.0', '');
}
