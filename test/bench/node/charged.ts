import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

/** Where version 1 of the memory controller is mounted, if that is the one that the kernel uses. */
const VERSION_1 = '/sys/fs/cgroup/memory';

/**
 * What the kernel charges to a container, and holds against its memory limit. That is not all that its
 * processes have mapped: the buffers of packet sockets are charged to nobody (alloc_one_pg_vec_page in
 * af_packet.c of Linux asks for them without __GFP_ACCOUNT).
 */
export class ChargedMemory {
  readonly #directory: string;
  readonly #files: { readonly current: string; readonly peak: string; readonly inactive: RegExp };

  /** Must be made inside of enter.ts. */
  constructor(name: string) {
    const { LAB_DIRECTORY, LAB_NAME } = process.env;
    if (existsSync(`${VERSION_1}/cgroup.procs`)) {
      this.#directory = `${VERSION_1}/${LAB_NAME}-${name}`;
      this.#files = {
        current: 'memory.usage_in_bytes',
        peak: 'memory.max_usage_in_bytes',
        inactive: /^total_inactive_file (\d+)$/m,
      };
    } else {
      const root = `${LAB_DIRECTORY}/cgroup`;
      for (const parent of [root, `${root}/${LAB_NAME}`])
        writeFileSync(`${parent}/cgroup.subtree_control`, '+memory');
      this.#directory = `${root}/${LAB_NAME}/${name}`;
      this.#files = {
        current: 'memory.current',
        peak: 'memory.peak',
        inactive: /^inactive_file (\d+)$/m,
      };
    }
    mkdirSync(this.#directory, { recursive: true });
  }

  /** What a process and its later children take from now on is charged here. */
  join(pid: number): void {
    writeFileSync(`${this.#directory}/cgroup.procs`, `${pid}`);
  }

  /** Bytes without the file pages that go first: what the kubelet calls the working set. */
  get workingSet(): number {
    const inactive = Number(this.#files.inactive.exec(this.#read('memory.stat'))?.[1]);
    return Number(this.#read(this.#files.current)) - inactive;
  }

  /** The most bytes that ever were charged, file pages included. */
  get peak(): number {
    return Number(this.#read(this.#files.peak));
  }

  /** After its last process has ended. */
  remove(): void {
    rmdirSync(this.#directory);
  }

  #read(file: string): string {
    return readFileSync(`${this.#directory}/${file}`, 'utf8');
  }
}
