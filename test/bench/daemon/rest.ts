import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memory, residentBytes } from '../../../lib/linux/memory.ts';
import type { Lab } from '../../lab/lab.ts';
import { type Measured, SOURCES, startAgent, startBareNode } from '../node/agent.ts';
import { median } from '../node/figures.ts';

/** Bytes of one process, its children not counted. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** What it takes to start, and to be there while nothing happens. */
export interface Rest extends Memory {
  readonly program: string;
  /** Milliseconds, the median of all starts. */
  readonly startup: number;
  /** Of a core: its own, and that of all that captures for it. */
  readonly cpu: { readonly own: number; readonly captures: number };
}

export interface RestOptions {
  readonly bundle: string;
  readonly starts: number;
  /** Milliseconds from the last start to the measurement, and of that. */
  readonly rest: number;
  readonly idle: number;
}

/** The programs that capture, by CAPTURE. */
export const CAPTURES = { iftop: 'iftop', bpf: 'nstats-bpf' } as const;
export type Capture = keyof typeof CAPTURES;

export function memoryOf(pid: number): Memory {
  return { rss: residentBytes('/proc', [pid]), pss: memory('/proc', [pid]) };
}

/** CPU seconds of a daemon itself, and of all that captures for it. */
export function cpuOf({ cgroup }: Measured): { readonly own: number; readonly captures: number } {
  const captures = cgroup.cpuOf(CAPTURES.iftop) + cgroup.cpuOf(CAPTURES.bpf);
  return { own: cgroup.cpu - captures, captures };
}

/** The bundle with each source, the sources, and a Node that does nothing: started in turns, at rest all at once. */
export async function atRest(lab: Lab, options: RestOptions): Promise<Rest[]> {
  const { bundle, starts, rest, idle } = options;
  const agent = (main: string, capture: Capture, port: number) => async () => {
    const SPOOL_DIR = join(lab.directory, `spool-${port}`);
    const TOP_SOCKET = join(lab.directory, `top-${port}.sock`);
    const environment = { CAPTURE: capture, LISTEN: `:${port}`, SPOOL_DIR, TOP_SOCKET };
    return startAgent(lab, main, { environment });
  };
  const programs: { readonly [program: string]: () => Promise<Measured> } = {
    'the image: `node nstats.js`': agent(bundle, 'iftop', 9790),
    'the image with `CAPTURE=bpf`': agent(bundle, 'bpf', 9791),
    'from its sources: `node daemon/main.ts`': agent(SOURCES, 'iftop', 9792),
    'a Node that does nothing': () => startBareNode(lab),
  };
  const started: { readonly program: string; readonly startup: number; readonly last: Measured }[] =
    [];
  for (const [program, start] of Object.entries(programs)) {
    const startups: number[] = [];
    for (let nth = 1; nth < starts; nth += 1) {
      const process = await start();
      startups.push(process.startup);
      await process.end();
    }
    const last = await start();
    started.push({ program, startup: median([...startups, last.startup]), last });
  }
  await sleep(rest);
  const before = started.map(({ last }) => ({ at: last.age(), ...cpuOf(last) }));
  await sleep(idle);
  const rests = started.map(({ program, startup, last }, index): Rest => {
    const { at, own, captures } = before[index] ?? { at: NaN, own: NaN, captures: NaN };
    const [now, seconds] = [cpuOf(last), (last.age() - at) / 1000];
    const cpu = { own: (now.own - own) / seconds, captures: (now.captures - captures) / seconds };
    return { program, startup, cpu, ...memoryOf(last.pid) };
  });
  for (const { last } of started) await last.end();
  return rests;
}
