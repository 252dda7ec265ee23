/**
 * What it costs to observe pods with iftop and in the kernel, beside the prototype's sidecars on the same pods with
 * the same traffic; what a busy pod's packets cost, and its throughput. Prints a Result as JSON:
 *
 *   node test/lab/enter.ts test/bench/cost/main.ts [--quick]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBundle } from '../../image/bundle.ts';
import { createLab, type Pod } from '../../lab/lab.ts';
import { startAgents } from '../node/agent.ts';
import { keepStatistics } from '../node/bpf.ts';
import { FULL, grow, LARGE, talk } from '../node/pods.ts';
import { progress } from '../progress.ts';
import type { Result } from '../result.ts';
import { loads, throughput } from './observed.ts';
import { type Share, share } from './share.ts';
import { loadTable, shareTable, throughputTable } from './tables.ts';

const quick = process.argv.includes('--quick');
/** Milliseconds, but `seconds`. An iftop that has seen packets ends after 10 s and a little. */
const SIZE = quick
  ? { steps: [10], settle: 4000, measure: 10_000, patience: 12_000, seconds: 2, pairs: 5 }
  : {
      steps: [10, 50, FULL, LARGE],
      // By then most of what is hot has been compiled, and what the start has left behind is given back.
      settle: 15_000,
      measure: 20_000,
      patience: 15_000,
      seconds: 3,
      pairs: 20,
    };

const say = progress('cost');
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab();
try {
  const pods: Pod[] = [];
  await grow(lab, pods, 1);
  const [first] = pods;
  if (!first) throw new Error('no pod');
  const options = { bundle: bundle.main, ...SIZE };
  say('packets of one pod');
  const measured = await loads(lab, first, options);
  say('throughput');
  const through = await throughput(lab, options);
  const shares: Share[] = [];
  await keepStatistics(lab.processes);
  for (const count of SIZE.steps) {
    await grow(lab, pods, count);
    const agents = await startAgents(lab, bundle.main, count);
    for (const busy of count === FULL ? [false, true] : [true]) {
      const traffic = busy ? await talk(lab, pods) : undefined;
      await sleep(SIZE.settle);
      say(`${count} ${busy ? 'busy' : 'idle'} pods`);
      shares.push(await share({ lab, pods, agents }, { ...SIZE, busy }));
      traffic?.end();
    }
    await Promise.all([agents.iftop.end(), agents.bpf.end()]);
  }
  const tables = [shareTable(shares, SIZE.patience), loadTable(measured), throughputTable(through)];
  const figures = { shares, loads: measured, throughput: through };
  console.log(JSON.stringify({ figures, tables } satisfies Result));
} finally {
  await lab.end();
}
