/** Tries mutated inputs on all that reads what comes from outside. */
import { parseArgs } from 'node:util';
import { fuzz, targets } from './run.ts';

const USAGE = `npm run fuzz [-- [--seconds N | --inputs N] [--seed N] [target...]]

Tries mutated inputs on each target, for 10 seconds if nothing else is said. What breaks one is kept in
test/fuzz/corpus, and the exit code is 1. Targets: ${targets.map(({ name }) => name).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    inputs: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const known = new Set(targets.map(({ name }) => name));
if (values.help || positionals.some((name) => !known.has(name))) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
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
