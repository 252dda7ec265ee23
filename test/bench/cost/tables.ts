import { megabytes, median, number, ratio } from '../node/figures.ts';
import type { Table } from '../result.ts';
import type { Load, Throughput } from './observed.ts';
import type { Share } from './share.ts';

export function shareTable(shares: readonly Share[], patience: number): Table {
  return {
    name: 'cost',
    text:
      'The same pods at the same time, observed by nstats and by sidecars with the prototype’s pipeline (iftop, awk, ' +
      'python3 and curl once a minute; its cron not counted; an iftop that had seen no packet, and would never have ' +
      `ended, was killed after ${patience / 1000} s). CPU seconds for a pod and a minute, memory (PSS) of all processes at the most.`,
    head: [
      'pods',
      'nstats, CPU s',
      'sidecars, CPU s',
      'so many times',
      'nstats, MB',
      'sidecars, MB',
      'so many times',
    ],
    rows: shares.map(({ pods, busy, nstats, sidecars }) => [
      `${pods} ${busy ? 'busy' : 'idle'}`,
      number(nstats.cpu, 4),
      number(sidecars.cpu, 4),
      ratio(sidecars.cpu, nstats.cpu),
      megabytes(nstats.memory),
      megabytes(sidecars.memory),
      ratio(sidecars.memory, nstats.memory),
    ]),
  };
}

export function loadTable(loads: readonly Load[]): Table {
  return {
    name: 'load',
    text: 'One busy pod: CPU of its capture, which grows with its packets, and of the sender (iperf3). What the kernel does to hand packets over is in the throughput.',
    head: [
      'traffic',
      'packets',
      'Gbit',
      'iftop, CPU s',
      'for a million packets',
      'for a Gbit',
      'of the sender’s CPU, %',
    ],
    rows: loads.map(({ name, packets, gigabits, cpu, sender }) => [
      name,
      number(packets),
      number(gigabits, 2),
      number(cpu, 3),
      number(cpu / (packets / 1e6), 3),
      number(cpu / gigabits, 4),
      number((cpu / sender) * 100, 1),
    ]),
  };
}

export function throughputTable({ without, observed, ratio }: Throughput): Table {
  return {
    name: 'throughput',
    text: `TCP from pod to pod on one node, in turns not observed and observed at both ends, ${without.length} pairs of runs.`,
    head: ['not observed, Gbit/s', 'observed, Gbit/s', 'lost, median of the pairs, %'],
    rows: [[gigabits(without), gigabits(observed), number((1 - ratio) * 100, 1)]],
  };
}

function gigabits(rates: readonly number[]): string {
  return number(median(rates) / 1e9, 2);
}
