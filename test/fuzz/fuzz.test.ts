import { test } from 'node:test';
import { Random } from '../lab/random.ts';
import { fuzz, targets } from './run.ts';
import { corpusOf } from './target.ts';

const LIMITS = { inputs: 2000, seconds: 0.15 };
const seed = Math.floor(Math.random() * 2 ** 32);

for (const target of targets) {
  test(`${target.name}: all that ever broke it is read`, async () => {
    for (const input of [...target.seeds, ...corpusOf(target)])
      for (let at = 0; at < 5; at += 1) await target.check(input, new Random(at));
  });

  test(`${target.name}: anything is read (seed ${seed})`, async () => {
    await fuzz(target, { ...LIMITS, seed });
  });
}
