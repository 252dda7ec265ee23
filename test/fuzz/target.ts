import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../lab/random.ts';

/** A parser under test. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with, beside those in its corpus. */
  readonly seeds: readonly Buffer[];
  /** Its inputs are JSON, and changed as such half of the time. */
  readonly json?: boolean;
  /** Throws when anything is not as it must be, whatever the input. */
  check(input: Buffer, random: Random): void | Promise<void>;
}

/** Where the inputs of a target are kept: each is the JSON of a string, a character a byte. */
export function corpusFile({ name }: Target): string {
  return join('test/fuzz/corpus', `${name}.jsonl`);
}

/** The inputs of a target that are kept. */
export function corpusOf(target: Target): Buffer[] {
  const file = corpusFile(target);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines
    .filter((line) => line !== '')
    .map((line) => Buffer.from(JSON.parse(line) as string, 'latin1'));
}

/** The content of the files of a directory and all below it. */
export function filesOf(directory: string): Buffer[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

/** An input in up to six pieces. */
export function pieces(input: Buffer, random: Random): Buffer[] {
  const cuts = Array.from({ length: random.below(6) }, () => random.below(input.length + 1));
  const ends = [0, ...cuts.sort((a, b) => a - b), input.length];
  return ends.slice(1).map((end, index) => input.subarray(ends[index], end));
}
