import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Pod } from '../../lab/lab.ts';
import { captures, startAgent } from '../node/agent.ts';
import { median } from '../node/figures.ts';
import { iperf, serveIperf } from './iperf.ts';

/** What it costs to observe one pod that sends as fast as it can, or at a given rate. */
export interface Load {
  readonly name: string;
  readonly packets: number;
  readonly gigabits: number;
  /** CPU seconds of nstats' iftop. */
  readonly cpu: number;
  /** CPU seconds of the sender itself. */
  readonly sender: number;
}

/** Throughput from pod to pod, bit/s. */
export interface Throughput {
  readonly without: readonly number[];
  readonly observed: readonly number[];
  /** The median of the pairs: observed by not. */
  readonly ratio: number;
}

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
  const agent = await startAgent(lab, bundle);
  await captures(agent, 2);
  await sleep(LAG);
  const measured: Load[] = [];
  for (const [name, options] of Object.entries(LOADS)) {
    const [before, cpu] = [pod.sandbox.counters(), agent.cgroup.cpuOf('iftop')];
    const { cpu: sender } = await iperf(pod, OUTSIDE, seconds, ...options);
    await sleep(LAG);
    const after = pod.sandbox.counters();
    const sum = (what: 'Packets' | 'Bytes') =>
      after[`sent${what}`] -
      before[`sent${what}`] +
      after[`received${what}`] -
      before[`received${what}`];
    measured.push({
      name,
      packets: sum('Packets'),
      gigabits: (sum('Bytes') * 8) / 1e9,
      cpu: agent.cgroup.cpuOf('iftop') - cpu,
      sender,
    });
  }
  await agent.end();
  return measured;
}

/** In turns without the daemon and with it, so that what else the machine does meets both. */
export async function throughput(
  lab: Lab,
  [from, to]: readonly [Pod, Pod],
  { bundle, seconds, pairs }: ObservedOptions,
): Promise<Throughput> {
  await serveIperf(to);
  const address = to.ips[0] ?? '';
  const [without, observed]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    without.push((await iperf(from, address, seconds)).rate);
    const agent = await startAgent(lab, bundle);
    await captures(agent, 2);
    await sleep(LAG);
    observed.push((await iperf(from, address, seconds)).rate);
    await agent.end();
  }
  const ratio = median(observed.map((rate, pair) => rate / (without[pair] ?? NaN)));
  return { without, observed, ratio };
}
