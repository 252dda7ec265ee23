/**
 * Where the daemon spends its time while 110 pods are busy, by Node's own profiler, with the profiler's own
 * cost: the functions and the modules that take the most of it.
 *
 *   node test/lab/enter.ts test/bench/daemon/profile.ts [--seconds 60] [--pods 110]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { memoryOf } from './rest.ts';
import { makeBundle } from '../../image/bundle.ts';
import { createLab, type Pod } from '../../lab/lab.ts';
import { cpuSeconds } from '../../lab/processes.ts';
import { captures, startAgent } from '../node/agent.ts';
import { megabytes } from '../node/figures.ts';
import { FULL, grow, talk } from '../node/pods.ts';
import { type Profile, type SelfTime, selfTimes, sourcesIn } from './cpuprofile.ts';

const MOST = 25;
const SETTLED = 20_000;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    pods: { type: 'string', default: `${FULL}` },
  },
});
const [seconds, count] = [Number(values.seconds), Number(values.pods)];

using bundle = makeBundle({ parent: process.env['LAB_DIRECTORY'], sourcemap: true });
const lab = await createLab();
try {
  const pods: Pod[] = [];
  await grow(lab, pods, count);
  const traffic = await talk(lab, pods);
  const options = `--cpu-prof --cpu-prof-dir=${lab.directory}`;
  const agent = await startAgent(lab, bundle.main, { options });
  await captures(agent, count);
  await sleep(SETTLED);
  const from = { age: agent.age(), cpu: cpuSeconds(agent.pid), all: agent.cgroup.cpu };
  await sleep(seconds * 1000);
  const to = { age: agent.age(), cpu: cpuSeconds(agent.pid), all: agent.cgroup.cpu };
  const share = (cpu: number) => ((cpu * 100_000) / (to.age - from.age)).toFixed(2);
  const { rss, pss } = memoryOf(agent.pid);
  console.log(
    `${count} busy pods, ${seconds} s: daemon ${share(to.cpu - from.cpu)} % of a core, ` +
      `with its captures ${share(to.all - from.all)} %; ` +
      `RSS ${megabytes(rss)} MB, PSS ${megabytes(pss)} MB`,
  );
  await agent.end();
  traffic.end();
  const file = readdirSync(lab.directory).find((name) => name.endsWith('.cpuprofile')) ?? '';
  const profile = JSON.parse(readFileSync(join(lab.directory, file), 'utf8')) as Profile;
  const times = selfTimes(profile, from.age, to.age);
  const source = sourcesIn(bundle.directory);
  console.log('\nby function');
  print(times, ([frame]) => `${frame.functionName || '(anonymous)'}  ${source(frame)}`);
  console.log('\nby module of ours, with what it calls of Node and V8');
  print(times, (stack) => {
    const own = stack.map(source).find((name) => name.endsWith('.ts'));
    return own ?? `${stack[0].functionName}  ${source(stack[0])}`;
  });
} finally {
  await lab.end();
}

/** Self times by what they are called, most first; shares are of the time in which it was not idle. */
function print(times: readonly SelfTime[], nameOf: (stack: SelfTime['stack']) => string): void {
  const sums = new Map<string, number>();
  let busy = 0;
  for (const { stack, seconds } of times) {
    if (stack[0].functionName === '(idle)') continue;
    busy += seconds;
    sums.set(nameOf(stack), (sums.get(nameOf(stack)) ?? 0) + seconds);
  }
  const sorted = [...sums].toSorted(([, a], [, b]) => b - a);
  for (const [name, seconds] of sorted.slice(0, MOST)) {
    const share = ((seconds / busy) * 100).toFixed(1).padStart(5);
    console.log(`${(seconds * 1000).toFixed(0).padStart(7)} ms ${share} %  ${name}`);
  }
  console.log(`${(busy * 1000).toFixed(0).padStart(7)} ms not idle`);
}
