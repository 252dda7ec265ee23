import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Pod } from '../../lab/lab.ts';
import type { Measured } from '../node/agent.ts';
import { type Minute, Sidecars } from './sidecars.ts';

/** The same pods at the same time, observed by both. */
export interface Share {
  readonly pods: number;
  readonly busy: boolean;
  readonly nstats: Cost;
  readonly sidecars: Cost & Pick<Minute, 'endless'>;
}

interface Cost {
  /** CPU seconds for each pod and minute. */
  readonly cpu: number;
  /** Bytes (PSS), of all processes together, at the most. */
  readonly memory: number;
}

/** Milliseconds. */
const LOOK_EVERY = 2000;

/** Measures nstats for at least so long (milliseconds) while the sidecars do what they do in a minute. */
export async function share(
  { lab, pods, agent }: { lab: Lab; pods: readonly Pod[]; agent: Measured },
  { busy, measure, patience }: { busy: boolean; measure: number; patience: number },
): Promise<Share> {
  const sidecars = new Sidecars(lab, pods, patience);
  const most = { nstats: 0, sidecars: 0 };
  const looking = setInterval(() => {
    most.nstats = Math.max(most.nstats, agent.cgroup.memory);
    most.sidecars = Math.max(most.sidecars, sidecars.cgroup.memory);
  }, LOOK_EVERY);
  const before = { at: agent.age(), cpu: agent.cgroup.cpu };
  const [minute] = await Promise.all([sidecars.minute(), sleep(measure)]);
  const minutes = (agent.age() - before.at) / 60_000;
  const own = agent.cgroup.cpu - before.cpu;
  clearInterval(looking);
  return {
    pods: pods.length,
    busy,
    nstats: { cpu: own / minutes / pods.length, memory: most.nstats },
    sidecars: {
      cpu: minute.cpu / pods.length,
      memory: most.sidecars,
      endless: minute.endless,
    },
  };
}
