import { join } from 'node:path';
import { imageEnvironment } from '../../image/bundle.ts';
import { until } from '../../lab/influx.ts';
import { countCaptures, type Lab } from '../../lab/lab.ts';
import { kill } from '../../lab/shell.ts';
import { Cgroup } from './cgroup.ts';
import type { ChargedMemory } from './charged.ts';

/** A program that is measured, with all that it starts. */
export interface Measured {
  readonly pid: number;
  readonly cgroup: Cgroup;
  /** Milliseconds from its start until it said that it had started. */
  readonly startup: number;
  /** Milliseconds since its start. */
  readonly age: () => number;
  /** Resolves when nothing of it is left. */
  end(): Promise<void>;
}

/** What can capture (CAPTURE). */
export const CAPTURES = ['iftop', 'bpf'] as const;
export type Capture = (typeof CAPTURES)[number];

/** The daemon from its sources; what ships is the bundle. */
export const SOURCES = join(import.meta.dirname, '../../../daemon/main.ts');
/** So that both can be measured on one node at the same time. */
const PORTS = { iftop: 9790, bpf: 9791 };
const METRICS = `http://127.0.0.1:${PORTS.iftop}/metrics`;
const IMAGE = imageEnvironment();

interface AgentOptions {
  /** More of Node's. */
  readonly options?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What its memory is charged to. */
  readonly charged?: ChargedMemory;
  readonly capture?: Capture;
}

/** The environment of an agent beside which there can be one of the other kind. */
export function agentEnvironment(lab: Lab, capture: Capture): { [name: string]: string } {
  const SPOOL_DIR = join(lab.directory, `spool-${capture}`);
  return {
    ...lab.environment,
    ...IMAGE,
    CAPTURE: capture,
    LISTEN: `:${PORTS[capture]}`,
    SPOOL_DIR,
    TOP_SOCKET: join(lab.directory, `top-${capture}.sock`),
  };
}

/** Starts a daemon on the lab's node as the image does. */
export function startAgent(
  lab: Lab,
  main: string,
  { options = '', environment = {}, charged, capture = 'iftop' }: AgentOptions = {},
): Promise<Measured> {
  const NODE_OPTIONS = `${IMAGE['NODE_OPTIONS']} ${options}`.trim();
  const env = { ...agentEnvironment(lab, capture), NODE_OPTIONS, ...environment };
  return start(lab, [main], '"msg":"started"', env, charged);
}

/** The least that a Node can be: it waits. */
export function startBareNode(lab: Lab, environment: NodeJS.ProcessEnv = {}): Promise<Measured> {
  const wait = "console.log('started'); setInterval(() => {}, 1000)";
  return start(lab, ['-e', wait], 'started', environment);
}

/** An agent of each kind. */
export type Agents = { readonly [capture in Capture]: Measured };

/** Starts both; resolves when each captures so many pods. `charged`: what their memory is charged to. */
export async function startAgents(
  lab: Lab,
  main: string,
  count: number,
  charged?: { readonly [capture in Capture]: ChargedMemory },
): Promise<Agents> {
  const start = (capture: Capture) =>
    startAgent(lab, main, { capture, ...(charged && { charged: charged[capture] }) });
  const [iftop, bpf] = await Promise.all([start('iftop'), start('bpf')]);
  await Promise.all([captures(iftop, count), captures(bpf, count)]);
  return { iftop, bpf };
}

/** Resolves when so many pods are captured by a daemon. */
export async function captures({ cgroup }: Measured, count: number): Promise<void> {
  const isCounted = (pid: number) => cgroup.pids.includes(pid);
  await until(() => countCaptures(isCounted) === count, `captures of ${count} pods`, 60);
}

/** A figure of the daemon's /metrics, by its name without `nstats_`, labels included. */
export async function metric(name: string): Promise<number> {
  const text = await (await fetch(METRICS)).text();
  const line = text.split('\n').find((each) => each.startsWith(`nstats_${name} `));
  if (!line) throw new Error(`no metric ${name}`);
  return Number(line.split(' ').at(-1));
}

/** @throws Error when it ends before it has started */
async function start(
  lab: Lab,
  args: readonly string[],
  ready: string,
  environment: NodeJS.ProcessEnv,
  charged?: ChargedMemory,
): Promise<Measured> {
  const before = performance.now();
  const age = () => performance.now() - before;
  const child = lab.processes.start(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid = 0 } = child;
  const cgroup = new Cgroup(`measured-${pid}`);
  cgroup.join(pid);
  charged?.join(pid);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let said = '';
  child.stdout?.on('data', (text: Buffer) => {
    said = `${said}${text.toString()}`.slice(-10_000);
    if (said.includes(ready)) resolve(age());
  });
  child.once('exit', () => reject(new Error(`it has ended: ${said}`)));
  const startup = await promise;
  const end = async () => {
    await kill(child, 'SIGTERM');
    // A helper has a socket to close for each pod.
    await until(() => cgroup.isEmpty, 'the end of all that it has started');
  };
  return { pid, cgroup, startup, age, end };
}
