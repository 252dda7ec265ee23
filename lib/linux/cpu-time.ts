import { sum } from '../sum.ts';
import { ProcFile } from './proc-file.ts';
import { parseStat, statOf } from './process-stat.ts';

/** CPU seconds since the start. */
export interface CpuSeconds {
  readonly daemon: number;
  /** Of all children, ended ones included. */
  readonly captures: number;
  /** By the process of each living child. */
  readonly living: ReadonlyMap<number, number>;
}

/** The CPU time of the daemon and its children: the only place where it is read. */
export class CpuTime {
  readonly #proc: string;
  readonly #children: () => Iterable<number>;
  readonly #files = new Map<number, ProcFile>();
  #last: CpuSeconds = { daemon: 0, captures: 0, living: new Map() };

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
    const living = new Map<number, number>();
    for (const pid of children) {
      const seconds = this.of(pid);
      if (seconds !== undefined) living.set(pid, seconds);
    }
    const captures = (own?.waitedFor ?? 0) + sum(living.values(), (seconds) => seconds);
    // A child that has just ended may be missing both among the living and among those waited for.
    this.#last = {
      daemon: Math.max(this.#last.daemon, own?.cpu ?? 0),
      captures: Math.max(this.#last.captures, captures),
      living,
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
