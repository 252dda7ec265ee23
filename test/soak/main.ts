/** Does the daemon grow, lose or invent anything in a long and rough time? */
import { parseArgs } from 'node:util';
import { reconciliationTable, table } from './report.ts';
import { soak } from './soak.ts';
import { complaints } from './verdict.ts';

const USAGE = `npm run soak [-- --minutes N] [--pods N] [--seed N] [--capture iftop|bpf]

Runs the daemon in the lab with 60 pods that talk, another one born and killed every second, and
API server, InfluxDB and captures failing at random. Ends after N minutes (30) and three rests;
exit code 1 if anything has grown or the rows do not agree with the kernel's counters. Ctrl-C ends it at once.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    pods: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    capture: { type: 'string', default: 'iftop' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [minutes, pods, seed] = [values.minutes, values.pods, values.seed].map(Number);
const { capture } = values;
const usable = Number(minutes) >= 0.5 && Number(pods) >= 2 && Number(pods) <= 90;
const isSource = capture === 'iftop' || capture === 'bpf';
if (values.help || !minutes || !pods || seed === undefined || !usable || !isSource) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const began = Date.now();
const say = (line: string) => {
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}  ${line}`);
};
say(`${minutes} minutes, ${pods} pods, ${capture}, seed ${seed}`);
const outcome = await soak({
  seconds: minutes * 60,
  rest: Math.min(30, 2 + minutes * 4),
  pods,
  seed,
  capture,
  say,
});
const { rests, most, reconciliation, faults, log } = outcome;
console.log(`\n${table(rests, most)}\n\n${reconciliationTable(reconciliation)}\n`);
const counts = Object.entries(Object.groupBy(faults, ({ name }) => name));
console.log(`went wrong: ${counts.map(([name, all]) => `${name} ${all?.length}`).join(', ')}`);
const warnings = log.filter((line) => /"level":"(warn|error)"/.test(line));
console.log(`the daemon's log: ${log.length} lines, ${warnings.length} warnings`);
const wrong = complaints(outcome);
for (const complaint of wrong) console.log(`FAIL  ${complaint}`);
if (wrong.length > 0) console.log(`the last warnings:\n${warnings.slice(-20).join('\n')}`);
console.log(
  wrong.length > 0
    ? `FAIL  seed ${seed}`
    : 'PASS  nothing has grown, the rows agree with the counters',
);
process.exitCode = wrong.length > 0 ? 1 : 0;
