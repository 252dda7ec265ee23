import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Pod } from '../../lab/lab.ts';
import { sh } from '../../lab/shell.ts';
import { Cgroup } from '../node/cgroup.ts';

/** What the prototype's sidecars have used for one minute of all pods. */
export interface Minute {
  /** Seconds of all their processes, to the microsecond. */
  readonly cpu: number;
  /** Those whose iftop saw no packet and would never have ended. */
  readonly endless: number;
}

const PROTOTYPE = join(import.meta.dirname, '../prototype.sh');
/** Enters a cgroup, and then becomes the command: what came before that is not counted. */
const JOIN = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
/** Milliseconds from one start to the next: cron starts all of a node at once. */
const APART = 20;

/** A sidecar in each pod with the prototype's pipeline, without the cron that starts it. */
export class Sidecars {
  readonly cgroup = new Cgroup('sidecars');
  readonly #lab: Lab;
  readonly #pods: readonly Pod[];
  readonly #patience: number;
  /** A wrapper in front of python3, as version managers have, would be counted with it. */
  readonly #path: string;

  /** `patience`: in milliseconds; an iftop that has not ended after that is killed. */
  constructor(lab: Lab, pods: readonly Pod[], patience: number) {
    [this.#lab, this.#pods, this.#patience] = [lab, pods, patience];
    const python = sh('python3', ['-c', 'import sys; print(sys.executable)']).trim();
    this.#path = `${dirname(python)}:${process.env['PATH']}`;
  }

  /** What each does once a minute, once in each pod. */
  async minute(): Promise<Minute> {
    const before = this.cgroup.cpu;
    const running: Promise<unknown>[] = [];
    for (const pod of this.#pods) {
      running.push(this.#run(pod));
      await sleep(APART);
    }
    const all = Promise.all(running);
    const ended = await Promise.race([all.then(() => true), sleep(this.#patience, false)]);
    const endless = ended ? [] : this.cgroup.running('iftop').filter(isKilled);
    await all;
    return { cpu: this.cgroup.cpu - before, endless: endless.length };
  }

  async #run(pod: Pod): Promise<void> {
    const { influx, processes } = this.#lab;
    const enter = [`--net=/proc/${pod.sandbox.pid}/ns/net`, 'sh', '-c', JOIN];
    const url = `${influx.url}/write?db=${influx.database}`;
    const command = ['sh', PROTOTYPE, pod.name, url];
    const child = processes.start('nsenter', [...enter, this.cgroup.directory, ...command], {
      env: { PATH: this.#path },
      stdio: 'ignore',
    });
    await once(child, 'exit');
  }
}

/** Not if it has just ended by itself. */
function isKilled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
