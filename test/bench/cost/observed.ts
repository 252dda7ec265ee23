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
  /** Of each run. */
  readonly seconds: number;
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
  const agents = await startAgents(lab, bundle, 2);
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

/** In turns without an agent and with one of each kind, so that what else the machine does meets all. */
export async function throughput(
  lab: Lab,
  [from, to]: readonly [Pod, Pod],
  { bundle, seconds, pairs }: ObservedOptions,
): Promise<Throughput> {
  await serveIperf(to);
  const address = to.ips[0] ?? '';
  const rates = { without: [] as number[], iftop: [] as number[], bpf: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    rates.without.push((await iperf(from, address, seconds)).rate);
    for (const capture of pair % 2 === 0 ? CAPTURES : CAPTURES.toReversed()) {
      const agent = await startAgent(lab, bundle, { capture });
      await captures(agent, 2);
      await sleep(LAG);
      rates[capture].push((await iperf(from, address, seconds)).rate);
      await agent.end();
    }
  }
  return rates;
}

/** What part is lost of what went without an agent, in each pair of runs, the least first. */
export function lost({ without, ...observed }: Throughput, by: Capture): number[] {
  const parts = observed[by].map((rate, pair) => 1 - rate / (without[pair] ?? NaN));
  return parts.toSorted((a, b) => a - b);
}
