import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from '../../lib/linux/memory.ts';
import { readText } from '../../lib/linux/proc-file.ts';
import { median as middle } from '../bench/node/figures.ts';
import { packetSockets, type ProcessStatus, statusOf } from '../lab/processes.ts';
import { sh } from '../lab/shell.ts';

/** What the daemon holds at a moment. */
export interface Gauges {
  /** Bytes that are live on its heap; only known at rest. */
  readonly heap: number;
  /** Proportional set size in bytes, without its children. */
  readonly memory: number;
  /** The same of all iftops, or of the helper. */
  readonly capturesMemory: number;
  readonly descriptors: number;
  /** The same of the helper; 0 without one. */
  readonly helperDescriptors: number;
  /** Network namespaces that the two hold open. */
  readonly namespaces: number;
  /** What the kernel has of the helper's. */
  readonly bpfPrograms: number;
  readonly bpfMaps: number;
  readonly threads: number;
  /** Areas of its address space. */
  readonly maps: number;
  /** iftops, or sockets by which interfaces are counted. */
  readonly captures: number;
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
  helperDescriptors: 'open descriptors of the helper',
  namespaces: 'network namespaces held open',
  bpfPrograms: 'BPF programs',
  bpfMaps: 'BPF maps',
  threads: 'threads',
  maps: 'memory areas',
  captures: 'captures',
  zombies: 'zombies',
  spool: 'spool, kB',
};

export function gauge(pid: number, spool: string): Gauges {
  const proc = `/proc/${pid}`;
  const children = childrenOf(pid);
  const [links, helpers] = [linksOf(pid), helpersOf(children)];
  const ofHelpers = helpers.flatMap(({ pid }) => linksOf(pid));
  const maps = helpers.flatMap(({ pid }) => mapsOf(pid));
  return {
    heap: NaN,
    memory: memory('/proc', [pid]),
    // A process that has just been forked still shares all of the daemon's memory.
    capturesMemory: memory(
      '/proc',
      [...iftopsOf(children), ...helpers].map((child) => child.pid),
    ),
    descriptors: links.length,
    helperDescriptors: ofHelpers.length,
    namespaces: [...links, ...ofHelpers].filter((link) => link.startsWith('net:[')).length,
    bpfPrograms: programsWith(maps),
    bpfMaps: maps.length,
    threads: Number(statusOf(pid)?.['Threads']),
    maps: readFileSync(`${proc}/maps`, 'utf8').trimEnd().split('\n').length,
    ...countOf(children),
    spool: waiting(spool),
  };
}

/** How many captures of the daemon run, and how many of its processes have ended and are not waited for. */
export function capturing(pid: number): Pick<Gauges, 'captures' | 'zombies'> {
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

function countOf(children: readonly ProcessStatus[]): Pick<Gauges, 'captures' | 'zombies'> {
  const zombies = children.filter(({ state }) => state.startsWith('Z')).length;
  const helpers = helpersOf(children);
  const counted = helpers.map(({ pid }) => packetSockets(pid));
  const iftops = children.length - zombies - helpers.length;
  return { captures: counted.reduce((sum, count) => sum + count, iftops), zombies };
}

function iftopsOf(children: readonly ProcessStatus[]): ProcessStatus[] {
  return children.filter((child) => child['Name'] === 'iftop');
}

function helpersOf(children: readonly ProcessStatus[]): ProcessStatus[] {
  return children.filter((child) => child['Name'] === 'nstats-bpf' && !child.state.startsWith('Z'));
}

/** The numbers of the BPF maps that a process holds open. */
function mapsOf(pid: number): number[] {
  const infos = listed(`/proc/${pid}/fdinfo`).map((fd) => readText(`/proc/${pid}/fdinfo/${fd}`));
  return infos.flatMap(
    (info) =>
      /^map_id:\s*(\d+)/m
        .exec(info ?? '')
        ?.slice(1)
        .map(Number) ?? [],
  );
}

/** How many programs of the node use one of these maps: its other programs are not the daemon's. */
function programsWith(maps: readonly number[]): number {
  if (maps.length === 0) return 0;
  const all = JSON.parse(sh('bpftool', ['-j', 'prog', 'show'])) as { map_ids?: number[] }[];
  return all.filter(({ map_ids = [] }) => map_ids.some((id) => maps.includes(id))).length;
}

/** What the descriptors of a process are; one that was listed may be closed by now. */
function linksOf(pid: number): string[] {
  return listed(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
}

/** The names in a directory of a process that may have ended. */
function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
