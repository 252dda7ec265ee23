import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { memory } from '../../../lib/linux/memory.ts';
import { statusOf } from '../../lab/processes.ts';

/** Processes that are counted together, with all that comes out of them. Must be made inside of enter.ts. */
export class Cgroup {
  readonly directory: string;

  constructor(name: string) {
    const { LAB_DIRECTORY, LAB_NAME } = process.env;
    this.directory = `${LAB_DIRECTORY}/cgroup/${LAB_NAME}/${name}`;
    mkdirSync(this.directory, { recursive: true });
  }

  join(pid: number): void {
    writeFileSync(`${this.directory}/cgroup.procs`, `${pid}`);
  }

  /** CPU seconds of all that are or were in it, to the microsecond (cgroup-v2.rst, `cpu.stat`). */
  get cpu(): number {
    const text = readFileSync(`${this.directory}/cpu.stat`, 'utf8');
    return Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e6;
  }

  get pids(): number[] {
    const text = readFileSync(`${this.directory}/cgroup.procs`, 'utf8');
    return text.split('\n').filter(Boolean).map(Number);
  }

  /** Whether all have ended; those that are about to are not among `pids` any more. */
  get isEmpty(): boolean {
    return /^populated 0$/m.test(readFileSync(`${this.directory}/cgroup.events`, 'utf8'));
  }

  /** Those of its processes that run a program of this name. */
  running(name: string): number[] {
    return this.pids.filter((pid) => statusOf(pid)?.['Name'] === name);
  }

  /** CPU seconds of those that run a program of this name, to the nanosecond (sched-stats.rst). */
  cpuOf(name: string): number {
    const tasks = this.running(name).flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}/schedstat`),
    );
    return (
      tasks.reduce((sum, file) => sum + Number.parseInt(readFileSync(file, 'utf8'), 10), 0) / 1e9
    );
  }

  /** Bytes of memory (PSS). */
  get memory(): number {
    return memory('/proc', this.pids);
  }
}
