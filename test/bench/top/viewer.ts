import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Lab } from '../../lab/lab.ts';
import { kill } from '../../lab/shell.ts';
import { agentEnvironment, type Capture } from '../node/agent.ts';
import { Cgroup } from '../node/cgroup.ts';
import { ChargedMemory } from '../node/charged.ts';

/** What `nstats top --raw` took, in a cgroup of its own. */
export interface Viewed {
  /** Milliseconds from its start to the first byte. */
  readonly startup: number;
  /** CPU seconds until then. */
  readonly start: number;
  /** CPU seconds after that. */
  readonly cpu: number;
  readonly seconds: number;
  /** Bytes that came out, and that the agent sent. */
  readonly zipped: number;
  readonly plain: number;
  readonly frames: number;
  /** Bytes of memory: PSS, and what its start and the rest charge to the container at the most. */
  readonly memory: number;
  readonly charged: number;
}

/** Looks at an agent for so many milliseconds, as `kubectl exec` does. */
export async function view(
  lab: Lab,
  main: string,
  { capture, milliseconds }: { readonly capture: Capture; readonly milliseconds: number },
): Promise<Viewed> {
  const name = `viewer-${capture}-${Date.now()}`;
  const [cgroup, charge] = [new Cgroup(name), new ChargedMemory(`charged-${name}`)];
  const before = performance.now();
  const child = lab.processes.start(process.execPath, [main, 'top', '--raw'], {
    env: { PATH: process.env['PATH'], ...agentEnvironment(lab, capture) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cgroup.join(child.pid ?? 0);
  charge.join(child.pid ?? 0);
  const { stdout } = child;
  if (!stdout) throw new Error('no stdout');
  let [zipped, plain, frames] = [0, 0, 0];
  const gunzip = createGunzip().on('data', (bytes: Buffer) => {
    plain += bytes.length;
    frames += bytes.filter((byte) => byte === 10).length;
  });
  stdout.on('data', (bytes: Buffer) => {
    zipped += bytes.length;
    gunzip.write(bytes);
  });
  await once(stdout, 'data');
  const [startup, start] = [performance.now() - before, cgroup.cpu];
  await sleep(milliseconds - startup);
  const seconds = (performance.now() - before - startup) / 1000;
  const cpu = cgroup.cpu - start;
  const { memory } = cgroup;
  const { peak: charged } = charge;
  await kill(child, 'SIGTERM');
  charge.remove();
  return { startup, start, cpu, seconds, zipped, plain, frames, memory, charged };
}
