import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Pod } from '../../lab/lab.ts';
import type { Agents, Measured } from '../node/agent.ts';
import { inKernel } from '../node/bpf.ts';
import { Sidecars } from './sidecars.ts';

/** The same pods at the same time, observed by all. */
export interface Share {
  readonly pods: number;
  readonly busy: boolean;
  readonly iftop: Cost;
  readonly bpf: Cost;
  /** `endless`: those whose iftop saw no packet and would never have ended. */
  readonly sidecars: Cost & { readonly endless: number };
}

interface Cost {
  /** Of a core. */
  readonly cpu: number;
  /** What of that the programs took in the kernel. */
  readonly programs: number;
  /** Bytes (PSS) of all processes together, at the most, and what they have in the kernel. */
  readonly memory: number;
}

/** Milliseconds. */
const LOOK_EVERY = 2000;

/** Measures agents for at least so long (milliseconds) while the sidecars do what they do in a minute. */
export async function share(
  {
    lab,
    pods,
    agents,
  }: {
    readonly lab: Lab;
    readonly pods: readonly Pod[];
    readonly agents: Agents;
  },
  { busy, measure, patience }: { busy: boolean; measure: number; patience: number },
): Promise<Share> {
  const sidecars = new Sidecars(lab, pods, patience);
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, sidecars.cgroup.memory);
  }, LOOK_EVERY);
  const costs = [agents.iftop, agents.bpf].map(begin);
  const [minute] = await Promise.all([sidecars.minute(), sleep(measure)]);
  clearInterval(looking);
  const [iftop, bpf] = costs.map((cost) => cost());
  if (!iftop || !bpf) throw new Error('nothing measured');
  return {
    pods: pods.length,
    busy,
    iftop,
    bpf,
    sidecars: { cpu: minute.cpu / 60, programs: 0, memory: most, endless: minute.endless },
  };
}

/** What an agent costs until the function is called. */
function begin({ age, cgroup }: Measured): () => Cost {
  const reading = () => ({ at: age(), cpu: cgroup.cpu, programs: inKernel(cgroup).seconds });
  let most = cgroup.memory;
  const looking = setInterval(() => {
    most = Math.max(most, cgroup.memory);
  }, LOOK_EVERY);
  const before = reading();
  return () => {
    clearInterval(looking);
    const after = reading();
    const seconds = (after.at - before.at) / 1000;
    const programs = (after.programs - before.programs) / seconds;
    const cpu = (after.cpu - before.cpu) / seconds + programs;
    return { cpu, programs, memory: most + inKernel(cgroup).memory };
  };
}
