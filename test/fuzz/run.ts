import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterTargets } from './cluster-targets.ts';
import { influxTargets } from './influx-targets.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import { nodeTargets } from './node-targets.ts';
import { Random } from './random.ts';
import { CORPUS, filesOf, type Target } from './target.ts';

export const targets: readonly Target[] = [...nodeTargets, ...clusterTargets, ...influxTargets];

export interface Limits {
  /** Inputs of each target at most. */
  readonly inputs: number;
  readonly seconds: number;
  readonly seed: number;
}

/** An input that broke a target, and where it was saved. */
class FuzzError extends Error {}

/** The inputs of a target that are kept. */
export function corpusOf({ name }: Target): Buffer[] {
  const directory = join(CORPUS, name);
  mkdirSync(directory, { recursive: true });
  return filesOf(directory);
}

/**
 * Tries mutated inputs; returns how many, and in how many seconds.
 * @throws FuzzError at the first one that breaks the target
 */
export async function fuzz(target: Target, { inputs, seconds, seed }: Limits) {
  const random = new Random(seed);
  const pool = [...target.seeds, ...corpusOf(target)];
  const start = performance.now();
  let tried = 0;
  for (; tried < inputs && performance.now() - start < seconds * 1000; tried += 1) {
    const from = random.of(pool);
    const structured = target.json && random.below(2) === 0;
    const input = structured ? mutateJson(from, random) : mutateBytes(from, pool, random);
    try {
      await target.check(input, random);
    } catch (cause) {
      const path = join(CORPUS, target.name, `broke-${seed}-${tried}`);
      writeFileSync(path, input);
      throw new FuzzError(`${target.name}, seed ${seed}: ${path}`, { cause });
    }
  }
  return { tried, took: (performance.now() - start) / 1000 };
}
