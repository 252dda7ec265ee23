/** npm run fuzz [-- --seconds N | --inputs N] [--seed N] [target]: tries mutated inputs on parsers. */
import { parseArgs } from 'node:util';
import { fuzz, targets } from './run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, inputs: { type: 'string' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const seconds = Number(values.seconds ?? (values.inputs ? Infinity : 10));
const inputs = Number(values.inputs ?? Infinity);
console.log(`seed ${seed}\n| target | inputs | inputs/s | crashes |\n|---|---|---|---|`);
for (const target of targets) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  try {
    const { tried, took } = await fuzz(target, { inputs, seconds, seed });
    console.log(`| ${target.name} | ${tried} | ${Math.round(tried / took)} | 0 |`);
  } catch (error) {
    console.log(`| ${target.name} | | | 1 |`);
    console.error(error);
    process.exitCode = 1;
  }
}
