import { ProcFile } from './proc-file.ts';
import { parseStat, statOf } from './process-stat.ts';

/** CPU seconds since the start. */
export interface CpuSeconds {
  readonly daemon: number;
  /** Of all children, ended ones included. */
  readonly captures: number;
}

/** The CPU time of the daemon and its children: the only place where it is read. */
export class CpuTime {
  readonly #proc: string;
  readonly #children: () => Iterable<number>;
  readonly #files = new Map<number, ProcFile>();
  #last: CpuSeconds = { daemon: 0, captures: 0 };

  /** `children`: the processes that live. */
  constructor(proc: string, children: () => Iterable<number>) {
    this.#proc = proc;
    this.#children = children;
  }

  /** CPU seconds of a living child; undefined if there is no such process. */
  of(pid: number): number | undefined {
    const text = this.#files.get(pid)?.read() ?? this.#open(pid)?.read();
    return text === undefined ? undefined : parseStat(text)?.cpu;
  }

  /** CPU seconds of all, which never decrease. */
  read(): CpuSeconds {
    const own = statOf(this.#proc, 'self');
    const children = new Set(this.#children());
    for (const pid of this.#files.keys()) if (!children.has(pid)) this.#close(pid);
    let captures = own?.waitedFor ?? 0;
    for (const pid of children) captures += this.of(pid) ?? 0;
    // A child that has just ended may be missing both among the living and among those waited for.
    this.#last = {
      daemon: Math.max(this.#last.daemon, own?.cpu ?? 0),
      captures: Math.max(this.#last.captures, captures),
    };
    return this.#last;
  }

  /** The file of an earlier process with the same number cannot be read any more. */
  #open(pid: number): ProcFile | undefined {
    this.#close(pid);
    const file = ProcFile.open(`${this.#proc}/${pid}/stat`);
    if (file) this.#files.set(pid, file);
    return file;
  }

  #close(pid: number): void {
    this.#files.get(pid)?.close();
    this.#files.delete(pid);
  }
}
