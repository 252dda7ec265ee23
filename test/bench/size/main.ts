/**
 * What memory limit the agent needs, by how many pods its node has: a small node, as many pods as a kubelet
 * takes by default, and a large node. Prints a Result as JSON:
 *
 *   node test/lab/enter.ts test/bench/size/main.ts [--quick]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBundle } from '../../image/bundle.ts';
import { createLab, type Lab, type Pod } from '../../lab/lab.ts';
import { cpuSeconds } from '../../lab/processes.ts';
import { memoryOf } from '../daemon/rest.ts';
import { type Capture, CAPTURES, type Measured, startAgents } from '../node/agent.ts';
import { ChargedMemory } from '../node/charged.ts';
import { megabytes, number } from '../node/figures.ts';
import { FULL, grow, LARGE, talk } from '../node/pods.ts';
import { progress } from '../progress.ts';
import type { Result, Table } from '../result.ts';

/** Bytes of memory, and shares of a core. */
interface Size {
  readonly pods: number;
  readonly capture: Capture;
  readonly daemon: { readonly pss: number; readonly cpu: number };
  readonly captures: { readonly pss: number; readonly cpu: number };
  readonly workingSet: number;
  readonly peak: number;
}

/** Milliseconds: after the captures have begun, and of the measurement. */
const SIZE = process.argv.includes('--quick')
  ? { steps: [10], settle: 3000, measure: 5000 }
  : { steps: [40, FULL, LARGE], settle: 20_000, measure: 20_000 };
const LOOK_EVERY = 2000;

const say = progress('size');
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab();
try {
  const pods: Pod[] = [];
  const sizes: Size[] = [];
  for (const count of SIZE.steps) {
    say(`${count} busy pods`);
    await grow(lab, pods, count);
    sizes.push(...(await sizesOf(lab, pods)));
  }
  console.log(JSON.stringify({ figures: { sizes }, tables: [tableOf(sizes)] } satisfies Result));
} finally {
  await lab.end();
}

/** An agent of each kind that starts on a node where all pods talk already. */
async function sizesOf(lab: Lab, pods: readonly Pod[]): Promise<Size[]> {
  const traffic = await talk(lab, pods);
  const charge = (capture: Capture) => new ChargedMemory(`size-${capture}-${pods.length}`);
  const charged = { iftop: charge('iftop'), bpf: charge('bpf') };
  const agents = await startAgents(lab, bundle.main, pods.length, charged);
  await sleep(SIZE.settle);
  const measured = CAPTURES.map(async (capture) => ({
    pods: pods.length,
    capture,
    ...(await sizeOf(agents[capture], charged[capture])),
  }));
  const sizes = await Promise.all(measured);
  traffic.end();
  for (const capture of CAPTURES) {
    await agents[capture].end();
    charged[capture].remove();
  }
  return sizes;
}

async function sizeOf(
  agent: Measured,
  charged: ChargedMemory,
): Promise<Omit<Size, 'pods' | 'capture'>> {
  const reading = () => ({ at: agent.age(), own: cpuSeconds(agent.pid), all: agent.cgroup.cpu });
  const before = reading();
  const most = { daemon: 0, all: 0, workingSet: 0 };
  while (agent.age() < before.at + SIZE.measure) {
    most.daemon = Math.max(most.daemon, memoryOf(agent.pid).pss);
    most.all = Math.max(most.all, agent.cgroup.memory);
    most.workingSet = Math.max(most.workingSet, charged.workingSet);
    await sleep(LOOK_EVERY);
  }
  const after = reading();
  const seconds = (after.at - before.at) / 1000;
  const own = (after.own - before.own) / seconds;
  return {
    daemon: { pss: most.daemon, cpu: own },
    captures: { pss: most.all - most.daemon, cpu: (after.all - before.all) / seconds - own },
    workingSet: most.workingSet,
    peak: charged.peak,
  };
}

function tableOf(sizes: readonly Size[]): Table {
  return {
    name: 'size',
    text:
      `Pods that each talk to up to 14 others, for ${SIZE.measure / 1000} s after two agents have started among them; memory at the most. ` +
      'Captures are iftops, or the helper, whose maps are in the working set and in the peak. ' +
      'The working set is what the kubelet tells of the container, the peak, from the start on, what its limit must allow. ' +
      'With iftop they are less than all processes have, since the buffers of packet sockets, 2 MB each, are charged to nobody.',
    head: [
      'pods',
      '`CAPTURE`',
      'daemon, % of a core',
      'captures, % of a core',
      'daemon, MB (PSS)',
      'captures, MB (PSS)',
      'working set, MB',
      'peak, MB',
    ],
    rows: sizes.map(({ pods, capture, daemon, captures, workingSet, peak }) => [
      number(pods),
      capture,
      number(daemon.cpu * 100, 1),
      number(captures.cpu * 100, 1),
      megabytes(daemon.pss),
      megabytes(captures.pss),
      megabytes(workingSet),
      megabytes(peak),
    ]),
  };
}
