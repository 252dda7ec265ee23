import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Lab } from '../../lab/lab.ts';
import { type Measured, metric, startAgent, startBareNode } from '../node/agent.ts';
import type { Delays } from './delay.ts';
import { type Capture, cpuOf, type Memory, memoryOf } from './rest.ts';

/** What the daemon takes while all pods of the node talk. Shares are of one core. */
export interface Busy {
  readonly agent: Memory & { readonly cpu: number };
  readonly captures: { readonly cpu: number; readonly pss: number };
  /** Of the time it was not waiting. */
  readonly loop: number;
  /** How late its timers came, and at the same time those of a Node that does nothing. */
  readonly delays: { readonly agent: Delays; readonly bare: Delays };
}

export interface BusyOptions {
  readonly bundle: string;
  readonly capture: Capture;
  readonly pods: number;
  /** Milliseconds: after the captures have begun, of the measurement, and of that of the delays. */
  readonly settle: number;
  readonly measure: number;
  readonly delays: number;
}

const PRELOAD = `--import=${pathToFileURL(join(import.meta.dirname, 'delay.ts')).href}`;
const LOOP = 'event_loop_active_seconds_total';

/** The delays are another start, so that their timers are not in the CPU time. */
export async function whenBusy(lab: Lab, options: BusyOptions): Promise<Busy> {
  const { bundle, capture, pods, settle, measure } = options;
  const agent = await startAgent(lab, bundle, { environment: { CAPTURE: capture } });
  await lab.captures(pods);
  await sleep(settle);
  const before = await reading(agent);
  await sleep(measure);
  const after = await reading(agent);
  const share = (of: 'own' | 'captures' | 'loop') =>
    (after[of] - before[of]) / ((after.at - before.at) / 1000);
  const used = memoryOf(agent.pid);
  const found = {
    agent: { cpu: share('own'), ...used },
    captures: { cpu: share('captures'), pss: agent.cgroup.memory - used.pss },
    loop: share('loop'),
  };
  await agent.end();
  return { ...found, delays: await delaysOf(lab, options) };
}

async function reading(agent: Measured) {
  const loop = await metric(LOOP);
  return { at: agent.age(), ...cpuOf(agent), loop };
}

async function delaysOf(lab: Lab, options: BusyOptions): Promise<Busy['delays']> {
  const { bundle, capture, pods, settle, delays } = options;
  const files = { agent: join(lab.directory, 'agent'), bare: join(lab.directory, 'bare') };
  const agent = await startAgent(lab, bundle, {
    options: PRELOAD,
    environment: { CAPTURE: capture, BENCH_DELAY: files.agent },
  });
  const bare = await startBareNode(lab, { NODE_OPTIONS: PRELOAD, BENCH_DELAY: files.bare });
  await lab.captures(pods);
  await sleep(settle);
  for (const { pid } of [agent, bare]) process.kill(pid, 'SIGUSR2');
  await sleep(delays);
  await Promise.all([agent.end(), bare.end()]);
  return { agent: read(files.agent), bare: read(files.bare) };
}

function read(file: string): Delays {
  return JSON.parse(readFileSync(file, 'utf8')) as Delays;
}
