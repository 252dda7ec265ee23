/**
 * What it costs that somebody looks at an agent (`nstats top`), and what goes over the wire then. Prints a Result as JSON:
 *
 *   node test/lab/enter.ts test/bench/top/main.ts [--quick]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBundle } from '../../image/bundle.ts';
import { createLab, type Pod } from '../../lab/lab.ts';
import { startAgents } from '../node/agent.ts';
import { keepStatistics } from '../node/bpf.ts';
import { FULL, grow, talk } from '../node/pods.ts';
import { progress } from '../progress.ts';
import type { Result } from '../result.ts';
import { look, lookTable } from './look.ts';

const quick = process.argv.includes('--quick');
/** Milliseconds, but `turns`. */
const SIZE = quick
  ? { pods: 30, settle: 4000, measure: 8000, turns: 1 }
  : { pods: FULL, settle: 15_000, measure: 15_000, turns: 4 };
/** Before each and after it. */
const NEIGHBOURS = 10;

const say = progress('top');
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab();
try {
  const pods: Pod[] = [];
  await grow(lab, pods, SIZE.pods);
  const traffic = await talk(lab, pods, NEIGHBOURS);
  await keepStatistics(lab.processes);
  const agents = await startAgents(lab, bundle.main, SIZE.pods);
  await sleep(SIZE.settle);
  say('looked at, and not');
  const looked = await look(lab, agents, { bundle: bundle.main, ...SIZE });
  traffic.end();
  await Promise.all([agents.iftop.end(), agents.bpf.end()]);
  const tables = [lookTable(looked, SIZE.pods, 2 * NEIGHBOURS)];
  console.log(JSON.stringify({ figures: { looked }, tables } satisfies Result));
} finally {
  await lab.end();
}
