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
}

export interface RestOptions {
  readonly bundle: string;
  readonly starts: number;
  /** Milliseconds from the last start to the measurement. */
  readonly rest: number;
}

export function memoryOf(pid: number): Memory {
  return { rss: residentBytes('/proc', [pid]), pss: memory('/proc', [pid]) };
}

/** The bundle, the sources, and a Node that does nothing, one after the other. */
export async function atRest(lab: Lab, { bundle, starts, rest }: RestOptions): Promise<Rest[]> {
  const programs: { readonly [program: string]: () => Promise<Measured> } = {
    'the image: `node nstats.js`': () => startAgent(lab, bundle),
    'from its sources: `node daemon/main.ts`': () => startAgent(lab, SOURCES),
    'a Node that does nothing': () => startBareNode(lab),
  };
  const rests: Rest[] = [];
  for (const [program, start] of Object.entries(programs)) {
    const startups: number[] = [];
    for (let nth = 1; nth <= starts; nth += 1) {
      const process = await start();
      startups.push(process.startup);
      if (nth === starts) {
        await sleep(rest);
        rests.push({ program, startup: median(startups), ...memoryOf(process.pid) });
      }
      await process.end();
    }
  }
  return rests;
}
