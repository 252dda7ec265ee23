import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { statusOf } from '../lab/processes.ts';

/** What the daemon holds at a moment. */
export interface Gauges {
  /** Bytes that are live on its heap; only known at rest. */
  readonly heap: number;
  /** Proportional set size in bytes, without its children. */
  readonly memory: number;
  readonly descriptors: number;
  /** Network namespaces that it holds open. */
  readonly namespaces: number;
  readonly threads: number;
  /** Areas of its address space. */
  readonly maps: number;
  readonly children: number;
  readonly zombies: number;
  /** Bytes of the files in which rows wait. */
  readonly spool: number;
}

export function gauge(pid: number, spool: string): Gauges {
  const proc = `/proc/${pid}`;
  const links = readdirSync(`${proc}/fd`).map((fd) => linkOf(`${proc}/fd/${fd}`));
  const children = readdirSync(`${proc}/task`).flatMap((thread) =>
    readFileSync(`${proc}/task/${thread}/children`, 'utf8').trim().split(' ').map(Number),
  );
  const states = children.flatMap((child) => statusOf(child)?.state ?? []);
  const rollup = readFileSync(`${proc}/smaps_rollup`, 'utf8');
  return {
    heap: NaN,
    memory: Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1]) * 1024,
    descriptors: links.length,
    namespaces: links.filter((link) => link.startsWith('net:[')).length,
    threads: Number(statusOf(pid)?.['Threads']),
    maps: readFileSync(`${proc}/maps`, 'utf8').trimEnd().split('\n').length,
    children: states.filter((state) => !state.startsWith('Z')).length,
    zombies: states.filter((state) => state.startsWith('Z')).length,
    spool: bytesIn(spool),
  };
}

/** Of each gauge the middle one of several readings. */
export function median(readings: readonly Gauges[]): Gauges {
  const names = Object.keys(readings[0] ?? {}) as (keyof Gauges)[];
  return Object.fromEntries(
    names.map((name) => [name, middle(readings.map((reading) => reading[name]))]),
  ) as unknown as Gauges;
}

/** One that was open a moment ago may be closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function bytesIn(directory: string): number {
  const files = readdirSync(directory).map((name) => join(directory, name));
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
