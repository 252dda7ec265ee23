import { until } from '../../lab/influx.ts';
import type { Lab } from '../../lab/lab.ts';
import { kill } from '../../lab/shell.ts';
import { Cgroup } from './cgroup.ts';

/** The daemon under test. */
export interface Agent {
  readonly pid: number;
  /** With all its captures. */
  readonly cgroup: Cgroup;
  /** Milliseconds from its start until it said that it has started. */
  readonly startup: number;
  /** Milliseconds since its start. */
  readonly age: () => number;
  /** Resolves when so many pods are captured. */
  captures(count: number): Promise<void>;
  /** A figure of its /metrics, by the name without `nstats_`, labels included. */
  metric(name: string): Promise<number>;
  end(): Promise<void>;
}

const METRICS = 'http://127.0.0.1:9790/metrics';

/** The environment in which the Dockerfile starts it; `options` are Node's. */
function imageEnvironment(options: string): { readonly [name: string]: string } {
  return { NODE_ENV: 'production', NODE_OPTIONS: `--disable-warning=DEP0169 ${options}`.trim() };
}

/** Starts the lab's daemon as the image does. */
export async function startAgent(lab: Lab, options = ''): Promise<Agent> {
  const before = performance.now();
  const age = () => performance.now() - before;
  const { process: child, log } = lab.daemon(imageEnvironment(options));
  const { pid = 0, stdout } = child;
  const cgroup = new Cgroup('nstats');
  cgroup.join(pid);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let said = '';
  const listen = (text: Buffer) => {
    said += text.toString();
    if (said.includes('"msg":"started"')) resolve(age());
  };
  stdout?.on('data', listen);
  child.once('exit', () => reject(new Error(`the daemon has ended: ${log.join('\n')}`)));
  const startup = await promise;
  stdout?.off('data', listen);
  return {
    pid,
    cgroup,
    startup,
    age,
    captures: (count) =>
      until(() => cgroup.running('iftop').length === count, `captures of ${count} pods`, 60),
    async metric(name) {
      const text = await (await fetch(METRICS)).text();
      const line = text.split('\n').find((each) => each.startsWith(`nstats_${name} `));
      if (!line) throw new Error(`no metric ${name}`);
      return Number(line.split(' ').at(-1));
    },
    async end() {
      await kill(child, 'SIGTERM');
    },
  };
}
