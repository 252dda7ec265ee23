import type { Capture } from '../node/agent.ts';
import { megabytes, median, number } from '../node/figures.ts';
import type { Table } from '../result.ts';
import { type Load, lost, type Throughput } from './observed.ts';
import type { Share } from './share.ts';

export function shareTable(shares: readonly Share[], patience: number): Table {
  return {
    name: 'cost',
    text:
      'The same pods at the same time, observed by nstats with `CAPTURE=bpf`, by nstats with iftop, and by sidecars with ' +
      'the prototype’s pipeline (iftop, awk, python3 and curl once a minute; its cron not counted; an iftop that had ' +
      `seen no packet, and would never have ended, was killed after ${patience / 1000} s). CPU time of all processes and, with ` +
      'bpf, of its programs in the kernel by the kernel’s statistics, in all. Memory (PSS) of all processes at the most, ' +
      'and with bpf that of its maps and programs, in all.',
    head: [
      'pods',
      'bpf, % of a core',
      'of that its programs',
      'iftop, % of a core',
      'sidecars, % of a core',
      'bpf, MB',
      'iftop, MB',
      'sidecars, MB',
    ],
    rows: shares.map(({ pods, busy, bpf, iftop, sidecars }) => [
      `${pods} ${busy ? 'busy' : 'idle'}`,
      percent(bpf.cpu, 2),
      percent(bpf.programs, 2),
      percent(iftop.cpu, 2),
      percent(sidecars.cpu, 2),
      megabytes(bpf.memory),
      megabytes(iftop.memory),
      megabytes(sidecars.memory),
    ]),
  };
}

export function loadTable(loads: readonly Load[]): Table {
  return {
    name: 'load',
    text:
      'One busy pod, captured by both: CPU of its iftop, and of its program by the kernel’s statistics, for a packet and ' +
      'beside the sender’s (iperf3). What the kernel does to hand packets over to iftop is in the throughput.',
    head: [
      'traffic',
      'packets',
      'Gbit',
      'iftop, ns a packet',
      'bpf, ns a packet',
      'iftop, % of the sender’s CPU',
      'bpf, % of the sender’s CPU',
    ],
    rows: loads.map(({ name, packets, gigabits, iftop, bpf, sender }) => [
      name,
      number(packets),
      number(gigabits, 2),
      number((iftop / packets) * 1e9),
      number((bpf.seconds / bpf.runs) * 1e9),
      percent(iftop / sender, 1),
      percent(bpf.seconds / sender, 1),
    ]),
  };
}

export function throughputTable(throughput: Throughput): Table {
  const row = (name: string, by: Capture) => {
    const parts = lost(throughput, by);
    const quarter = Math.floor(parts.length / 4);
    const [least = NaN, most = NaN] = [parts[quarter], parts.at(-1 - quarter)];
    return [
      name,
      gigabits(throughput.without),
      gigabits(throughput[by]),
      percent(median(parts), 1),
      `${percent(least, 1)} to ${percent(most, 1)}`,
    ];
  };
  return {
    name: 'throughput',
    text: `TCP from pod to pod on one node, in turns not observed and observed at both ends, ${throughput.without.length} pairs of runs of a second.`,
    head: [
      '',
      'not observed, Gbit/s',
      'observed, Gbit/s',
      'lost, median of the pairs, %',
      'middle half of the pairs',
    ],
    rows: [row('iftop', 'iftop'), row('bpf', 'bpf')],
  };
}

function percent(share: number, digits: number): string {
  return number(share * 100, digits);
}

function gigabits(rates: readonly number[]): string {
  return number(median(rates) / 1e9, 2);
}
