import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../../../lib/linux/interface-counters.ts';
import type { Lab, Pod } from '../../lab/lab.ts';
import { type Capture, CAPTURES, captures, startAgent, startAgents } from '../node/agent.ts';
import { inKernel, keepStatistics } from '../node/bpf.ts';
import { iperf, serveIperf } from './iperf.ts';

/** What it costs to observe one pod that sends as fast as it can, or at a given rate. */
export interface Load {
  readonly name: string;
  readonly packets: number;
  readonly gigabits: number;
  /** CPU seconds of nstats' iftop. */
  readonly iftop: number;
  /** CPU seconds of nstats' program in the kernel, and how often it ran. */
  readonly bpf: { readonly seconds: number; readonly runs: number };
  /** CPU seconds of the sender itself. */
  readonly sender: number;
}

/** Throughput from pod to pod in bit/s, run by run, by what captures. */
export type Throughput = { readonly [by in Capture | 'without']: readonly number[] };

export interface ObservedOptions {
  readonly bundle: string;
  /** Of each load. */
  readonly seconds: number;
  /** Runs of a second of each. */
  readonly pairs: number;
}

const OUTSIDE = '198.51.100.10';
/** Packets that a capture has taken by then (milliseconds) are counted. */
const LAG = 1500;
const LOADS: { readonly [name: string]: readonly string[] } = {
  'many small packets (UDP, 100 bytes)': ['--udp', '--length', '100', '--bitrate', '40M'],
  'as much as goes (TCP)': [],
};

/** The sender is a pod, the receiver is not, so that each packet is captured once. */
export async function loads(
  lab: Lab,
  pod: Pod,
  { bundle, seconds }: ObservedOptions,
): Promise<Load[]> {
  const outside = await lab.outside([OUTSIDE]);
  await serveIperf(outside);
  const agents = await startAgents(lab, bundle, 1);
  const endStatistics = await keepStatistics(lab.processes);
  await sleep(LAG);
  const reading = () => ({
    counters: pod.sandbox.counters(),
    iftop: agents.iftop.cgroup.cpuOf('iftop'),
    bpf: inKernel(agents.bpf.cgroup),
  });
  const measured: Load[] = [];
  for (const [name, options] of Object.entries(LOADS)) {
    const before = reading();
    const { cpu: sender } = await iperf(pod, OUTSIDE, seconds, ...options);
    await sleep(LAG);
    const after = reading();
    const passed = between(before.counters, after.counters);
    measured.push({
      name,
      packets: passed.sentPackets + passed.receivedPackets,
      gigabits: ((passed.sent + passed.received) * 8) / 1e9,
      iftop: after.iftop - before.iftop,
      bpf: {
        seconds: after.bpf.seconds - before.bpf.seconds,
        runs: after.bpf.runs - before.bpf.runs,
      },
      sender,
    });
  }
  endStatistics();
  await Promise.all([agents.iftop.end(), agents.bpf.end()]);
  return measured;
}

/**
 * In turns between pods of a namespace that no agent observes, and of those that one of each kind does, so that what
 * else the machine does meets all.
 */
export async function throughput(
  lab: Lab,
  { bundle, pairs }: ObservedOptions,
): Promise<Throughput> {
  const rates: { readonly [by in keyof Throughput]: number[] } = {
    without: [],
    iftop: [],
    bpf: [],
  };
  const ways = ['without', ...CAPTURES] as const;
  const pods = await Promise.all(
    ways.map((namespace, nth) => pairOf(lab, namespace, 100 + 2 * nth)),
  );
  const agents = await Promise.all(
    CAPTURES.map(async (capture) => {
      const environment = { NAMESPACES: capture };
      const agent = await startAgent(lab, bundle, { capture, environment });
      await captures(agent, 2);
      return agent;
    }),
  );
  await sleep(LAG);
  for (let run = 0; run < pairs; run += 1)
    for (const step of ways.keys()) {
      // Whoever comes first changes, too.
      const nth = (run + step) % ways.length;
      const [by, [from, to] = []] = [ways[nth], pods[nth]];
      if (by && from && to) rates[by].push((await iperf(from, to.ips[0] ?? '', 1)).rate);
    }
  for (const agent of agents) await agent.end();
  for (const pod of pods.flat()) await pod.remove();
  return rates;
}

/** Two pods, of which the second takes what the first sends; `last`: of the first one's address. */
async function pairOf(lab: Lab, namespace: string, last: number): Promise<readonly [Pod, Pod]> {
  const make = (name: string, byte: number) =>
    lab.pod({ namespace, name, ips: [`10.244.0.${byte}`] });
  const [from, to] = [await make('from', last), await make('to', last + 1)];
  await serveIperf(to);
  return [from, to];
}

/** What part is lost of what went without an agent, in each pair of runs, the least first. */
export function lost({ without, ...observed }: Throughput, by: Capture): number[] {
  const parts = observed[by].map((rate, pair) => 1 - rate / (without[pair] ?? NaN));
  return parts.toSorted((a, b) => a - b);
}
