import type { Result } from '../result.ts';
import { type Kind } from './kinds.ts';
import type { Measured } from './one-shot.ts';

/** What was found of one kind of traffic: IP bytes in both directions. */
export interface Figures {
  readonly name: string;
  readonly kernel: number;
  readonly nstatPod: number;
  readonly nstat: number;
  readonly prototype: Measured;
  readonly oneShot: Measured;
}

export function resultOf(
  kinds: readonly Kind[],
  figures: readonly Figures[],
  { period, seconds }: { readonly period: number; readonly seconds: number },
): Result {
  const rows = figures.map(({ kernel, nstatPod, nstat, prototype, oneShot }, nth) => [
    kinds[nth]?.text ?? '',
    kernel.toLocaleString('en'),
    difference({ bytes: nstatPod, kernel }, 3),
    difference({ bytes: nstat, kernel }, 3),
    difference(prototype, 1),
    difference(oneShot, 1),
  ]);
  const text =
    `${kinds.length} pods, each with traffic of its own for ${seconds} s: the kernel's counters of their ` +
    'interfaces (IP bytes sent and received), and how far from them were at the same time nstats ' +
    `(\`nstat_pod\`, and all rows of \`nstat\`), the prototype (looks for 10 of every ${period} s, and reads prefixes as ` +
    'powers of 1000) and `iftop -t -s 10` run again and again (column `last 10s`, prefixes read as powers of ' +
    '1024). Each is compared to the counters over the time that it speaks for:';
  const head = [
    'traffic',
    'kernel, bytes',
    '`nstat_pod`, %',
    '`nstat`, %',
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
