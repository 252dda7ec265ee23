import { join } from 'node:path';
import { until } from '../../lab/influx.ts';
import { imageEnvironment } from '../../image/bundle.ts';
import type { Lab } from '../../lab/lab.ts';
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
  end(): Promise<void>;
}

/** The daemon from its sources; what ships is the bundle. */
export const SOURCES = join(import.meta.dirname, '../../../daemon/main.ts');
const METRICS = 'http://127.0.0.1:9790/metrics';
const IMAGE = imageEnvironment();

interface AgentOptions {
  /** More of Node's. */
  readonly options?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What its memory is charged to. */
  readonly charged?: ChargedMemory;
}

/** Starts a daemon on the lab's node as the image does. */
export function startAgent(
  lab: Lab,
  main: string,
  { options = '', environment = {}, charged }: AgentOptions = {},
): Promise<Measured> {
  const NODE_OPTIONS = `${IMAGE['NODE_OPTIONS']} ${options}`.trim();
  const env = { ...lab.environment, ...IMAGE, NODE_OPTIONS, ...environment };
  return start(lab, [main], '"msg":"started"', env, charged);
}

/** The least that a Node can be: it waits. */
export function startBareNode(lab: Lab, environment: NodeJS.ProcessEnv = {}): Promise<Measured> {
  const wait = "console.log('started'); setInterval(() => {}, 1000)";
  return start(lab, ['-e', wait], 'started', environment);
}

/** Resolves when so many pods are captured by a daemon. */
export async function captures({ cgroup }: Measured, count: number): Promise<void> {
  await until(() => cgroup.running('iftop').length === count, `captures of ${count} pods`, 60);
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
  return { pid, cgroup, startup, age, end: async () => void (await kill(child, 'SIGTERM')) };
}
