import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import type { Counters, KernelBytes } from '../../lib/model.ts';
import { between, parseNetDev, UNUSED } from '../../lib/linux/interface-counters.ts';
import { kill, type Processes } from './shell.ts';

/** Enters a cgroup, and then becomes the command. */
const JOIN = 'echo $$ >"$0/cgroup.procs" && exec "$@"';

/** A pod as the node sees it: a namespace held by a pause process, in a kubelet's cgroup. */
export class Sandbox {
  readonly pid: number;
  readonly #pause: ChildProcess;
  readonly #cgroup: string;
  readonly #processes: Processes;
  readonly #containers: ChildProcess[] = [];

  private constructor(pause: ChildProcess, pid: number, cgroup: string, processes: Processes) {
    this.#pause = pause;
    this.pid = pid;
    this.#cgroup = cgroup;
    this.#processes = processes;
  }

  /** `root`: the cgroup below which the kubelet's are made; `uid`: as the cgroup path has it. */
  static async create(root: string, uid: string, processes: Processes): Promise<Sandbox> {
    const slice = `kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uid.replaceAll('-', '_')}.slice`;
    const cgroup = `${root}/${slice}`;
    const pause = processes.start(
      'unshare',
      ['--net', 'sh', '-c', JOIN, container(cgroup), 'sh', '-c', 'echo ready; exec sleep infinity'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (pause.stdout) await once(pause.stdout, 'data');
    return new Sandbox(pause, pause.pid ?? 0, cgroup, processes);
  }

  /** Starts a command in the pod, in a container of its own. */
  run(command: readonly string[]): ChildProcess {
    const enter = ['nsenter', `--net=/proc/${this.pid}/ns/net`, ...command];
    const child = this.#processes.start('sh', ['-c', JOIN, container(this.#cgroup), ...enter], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#containers.push(child);
    return child;
  }

  /** The kernel's counters of one of its interfaces. */
  counters(iface = 'eth0'): Counters {
    const counters = parseNetDev(readFileSync(`/proc/${this.pid}/net/dev`, 'utf8'), iface);
    if (!counters) throw new Error(`the pod has no ${iface}`);
    return counters;
  }

  /** The IP bytes and packets that one of its interfaces has passed since it was made. */
  passed(iface = 'eth0'): KernelBytes {
    return between(UNUSED, this.counters(iface));
  }

  /** Ends its containers, takes its network, and ends the pause process, with it the namespace; then its cgroups go. */
  async end(takeNetwork: () => void): Promise<void> {
    await Promise.all(this.#containers.map((child) => kill(child, 'SIGKILL')));
    takeNetwork();
    await kill(this.#pause, 'SIGKILL');
    remove(this.#cgroup);
  }
}

/** Those that a process of the pod is still in stay until the lab ends. */
function remove(cgroup: string): void {
  const entries = readdirSync(cgroup, { withFileTypes: true });
  const scopes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  try {
    for (const scope of scopes) rmdirSync(`${cgroup}/${scope}`);
    rmdirSync(cgroup);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}

function container(cgroup: string): string {
  const scope = `${cgroup}/cri-containerd-${randomBytes(32).toString('hex')}.scope`;
  mkdirSync(scope, { recursive: true });
  return scope;
}
