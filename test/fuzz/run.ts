import { appendFileSync } from 'node:fs';
import { bpfTargets } from './bpf-targets.ts';
import { clusterTargets } from './cluster-targets.ts';
import { daemonTargets } from './daemon-targets.ts';
import { expositionTarget } from './exposition-target.ts';
import { influxTargets } from './influx-targets.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import { liveTargets } from './live-targets.ts';
import { nodeTargets } from './node-targets.ts';
import { processTarget } from './process-target.ts';
import { Random } from '../lab/random.ts';
import { corpusFile, corpusOf, type Target } from './target.ts';
import { wireTargets } from './wire-targets.ts';

export const targets: readonly Target[] = [
  ...nodeTargets,
  processTarget,
  ...bpfTargets,
  ...clusterTargets,
  ...influxTargets,
  ...liveTargets,
  ...daemonTargets,
  expositionTarget,
  ...wireTargets,
];

export interface Limits {
  /** Inputs of each target at most. */
  readonly inputs: number;
  readonly seconds: number;
  readonly seed: number;
}

/** An input broke a target, and was added to its corpus. */
class FuzzError extends Error {}

/**
 * Tries mutated inputs; returns how many, and in how many seconds.
 * @throws FuzzError at the first one that breaks the target
 */
export async function fuzz(target: Target, { inputs, seconds, seed }: Limits) {
  const random = new Random(seed);
  const pool = [...target.seeds, ...corpusOf(target)];
  let input: Buffer = Buffer.alloc(0);
  const keep = () =>
    appendFileSync(corpusFile(target), `${JSON.stringify(input.toString('latin1'))}\n`);
  // What nobody waits for is thrown at the process.
  process.once('uncaughtExceptionMonitor', keep);
  const start = performance.now();
  let tried = 0;
  for (; tried < inputs && performance.now() - start < seconds * 1000; tried += 1) {
    // The smaller one of two: large inputs take most of the time, and find little more.
    const [a, b] = [random.of(pool), random.of(pool)];
    const from = a.length < b.length ? a : b;
    const structured = target.json && random.below(2) === 0;
    input = structured ? mutateJson(from, random) : mutateBytes(from, pool, random);
    try {
      await target.check(input, random);
    } catch (cause) {
      keep();
      throw new FuzzError(`${target.name}, seed ${seed}: the last line of ${corpusFile(target)}`, {
        cause,
      });
    }
  }
  process.off('uncaughtExceptionMonitor', keep);
  return { tried, took: (performance.now() - start) / 1000 };
}
