import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from '../../lib/linux/memory.ts';
import { median as middle } from '../bench/node/figures.ts';
import { type ProcessStatus, statusOf } from '../lab/processes.ts';

/** What the daemon holds at a moment. */
export interface Gauges {
  /** Bytes that are live on its heap; only known at rest. */
  readonly heap: number;
  /** Proportional set size in bytes, without its children. */
  readonly memory: number;
  /** The same of all the captures together. */
  readonly capturesMemory: number;
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

/** The daemon at rest, with the same pods each time. */
export interface Rests {
  readonly start: Gauges;
  readonly middle: Gauges;
  readonly end: Gauges;
}

export const LABELS: { readonly [gauge in keyof Gauges]: string } = {
  heap: 'live heap, MB',
  memory: 'memory (PSS), MB',
  capturesMemory: 'memory (PSS) of the captures, MB',
  descriptors: 'open descriptors',
  namespaces: 'network namespaces held open',
  threads: 'threads',
  maps: 'memory areas',
  children: 'captures',
  zombies: 'zombies',
  spool: 'spool, kB',
};

export function gauge(pid: number, spool: string): Gauges {
  const proc = `/proc/${pid}`;
  const links = readdirSync(`${proc}/fd`).map((fd) => linkOf(`${proc}/fd/${fd}`));
  const children = childrenOf(pid);
  return {
    heap: NaN,
    memory: memory('/proc', [pid]),
    // A process that has just been forked still shares all of the daemon's memory.
    capturesMemory: memory(
      '/proc',
      children.filter((child) => child['Name'] === 'iftop').map((child) => child.pid),
    ),
    descriptors: links.length,
    namespaces: links.filter((link) => link.startsWith('net:[')).length,
    threads: Number(statusOf(pid)?.['Threads']),
    maps: readFileSync(`${proc}/maps`, 'utf8').trimEnd().split('\n').length,
    ...countOf(children),
    spool: waiting(spool),
  };
}

/** How many processes of the daemon run, and how many have ended and are not waited for. */
export function processes(pid: number): Pick<Gauges, 'children' | 'zombies'> {
  return countOf(childrenOf(pid));
}

/** Bytes of the files in which rows wait. */
export function waiting(spool: string): number {
  const files = readdirSync(spool, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(spool, name),
  );
  const sizes = files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The median of each gauge over several readings. */
export function median(readings: readonly Gauges[]): Gauges {
  const names = Object.keys(readings[0] ?? {}) as (keyof Gauges)[];
  return Object.fromEntries(
    names.map((name) => [name, middle(readings.map((reading) => reading[name]))]),
  ) as unknown as Gauges;
}

function childrenOf(pid: number): ProcessStatus[] {
  const pids = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').map(Number),
  );
  return pids.flatMap((child) => statusOf(child) ?? []);
}

function countOf(children: readonly ProcessStatus[]): Pick<Gauges, 'children' | 'zombies'> {
  const zombies = children.filter(({ state }) => state.startsWith('Z')).length;
  return { children: children.length - zombies, zombies };
}

/** A descriptor that was listed may be closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
