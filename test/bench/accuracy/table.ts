import type { Capture } from '../node/agent.ts';
import type { Result } from '../result.ts';
import { type Kind } from './kinds.ts';
import type { Measured } from './one-shot.ts';

/** What was found of one kind of traffic: IP bytes in both directions. */
export interface Figures extends Readonly<Record<Capture, Found>> {
  readonly name: string;
  readonly kernel: number;
  readonly prototype?: Measured | undefined;
  readonly oneShot?: Measured | undefined;
}

/** By nstats. */
export interface Found {
  readonly nstatPod: number;
  readonly nstat: number;
}

export function resultOf(
  kinds: readonly Kind[],
  figures: readonly Figures[],
  { period, seconds }: { readonly period: number; readonly seconds: number },
): Result {
  const rows = figures.map(({ kernel, bpf, iftop, prototype, oneShot }, nth) => [
    kinds[nth]?.text ?? '',
    kernel.toLocaleString('en'),
    difference({ bytes: bpf.nstatPod, kernel }, 4),
    difference({ bytes: bpf.nstat, kernel }, 4),
    difference({ bytes: iftop.nstatPod, kernel }, 3),
    difference({ bytes: iftop.nstat, kernel }, 3),
    prototype ? difference(prototype, 1) : '–',
    oneShot ? difference(oneShot, 1) : '–',
  ]);
  const text =
    `Each kind of traffic in a pod of its own for ${seconds} s: the kernel's counters of their ` +
    'interfaces (IP bytes sent and received), and how far from them were at the same time nstats ' +
    '(`nstat_pod`, and all rows of `nstat`) with `CAPTURE=bpf` and with iftop, ' +
    `the prototype (looks for 10 of every ${period} s, and reads prefixes as ` +
    'powers of 1000) and `iftop -t -s 10` run again and again (column `last 10s`, prefixes read as powers of ' +
    '1024). Each is compared to the counters over the time that it speaks for:';
  const head = [
    'traffic',
    'kernel, bytes',
    'bpf: `nstat_pod`, %',
    'bpf: `nstat`, %',
    'iftop: `nstat_pod`, %',
    'iftop: `nstat`, %',
    'prototype, %',
    'one-shot, %',
  ];
  return {
    figures: { period, seconds, kinds: figures },
    tables: [{ name: 'accuracy', text, head, rows }],
  };
}

/** From the kernel's bytes, with its sign. */
function difference({ bytes, kernel }: Measured, digits: number): string {
  const percent = ((bytes - kernel) / kernel) * 100;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(digits)}`;
}
