import type { Result } from '../result.ts';
import { PARAMETERS } from './node.ts';

/** What the rows of the whole node have taken; bytes. */
export interface Figures {
  /** The settings, or what pods do, by which they differ. */
  readonly variant: string;
  readonly rows: number;
  readonly plain: number;
  readonly wire: number;
  readonly series: number;
  /** Compacted, after half of the time and after all of it. */
  readonly half: number;
  readonly disk: number;
}

export function resultOf(figures: readonly Figures[], minutes: number): Result {
  const { pods, most, talksTo, short } = PARAMETERS;
  const { workloads, replicas, services, external, nodes } = talksTo;
  const all = workloads + services + external + nodes;
  const podHours = (pods * minutes) / 60;
  const rows = figures.map(({ variant, rows, plain, wire, series, half, disk }) => [
    variant,
    whole(rows / podHours),
    (rows / podHours / 360).toFixed(1),
    whole(wire / podHours / 1000),
    whole(plain / podHours / 1000),
    (series / pods).toFixed(1),
    (day(half, disk, minutes) / pods / 1e6).toFixed(2),
  ]);
  const text =
    `${pods} pods of a node, made up: each talks to ${all} others (${workloads} workloads of ${replicas} pods ` +
    `each, ${services} services, ${external} outside networks, ${nodes} nodes). The first has some ${most / 1e6} MB in a ` +
    'window of 10 s and direction, the nth a part of 1/n, in a part of 1/√n of all windows; bytes vary ' +
    `between a quarter and four times that. ${minutes} minutes of them are encoded and written to influxd ` +
    'as the agent does it. On the wire is all that is sent by TCP, on disk are the compacted TSM files. A day is ' +
    `extrapolated from what the second half of the ${minutes} minutes added${minutes < 60 ? ', an hour from all of them' : ''}. ` +
    `With short-lived pods ${short.pods} of the ${pods} are made again every ${short.minutes} minutes, under another name:`;
  const head = [
    '',
    'rows, a pod-hour',
    'a window',
    'on the wire, kB a pod-hour',
    'the same not gzipped',
    'series, a pod',
    'on disk, MB a pod-day',
  ];
  return {
    figures: { parameters: PARAMETERS, minutes, variants: figures },
    tables: [{ name: 'influxdb', text, head, rows }],
  };
}

function whole(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}

/** What a day would take if it grew as in the second half: the names of series are there once. */
function day(half: number, whole: number, minutes: number): number {
  return whole + ((whole - half) / (minutes / 2)) * (24 * 60 - minutes);
}
