import { statOf } from './process-stat.ts';

/** CPU time in seconds since the start. */
export interface CpuTimes {
  readonly daemon: number;
  /** Of all children, ended ones included. */
  readonly iftop: number;
}

/** The CPU time of the daemon and its children, which only grows. */
export class Cpu {
  readonly #proc: string;
  readonly #children: () => Iterable<number>;
  #last: CpuTimes = { daemon: 0, iftop: 0 };

  /** `children`: those that live. */
  constructor(proc: string, children: () => Iterable<number>) {
    this.#proc = proc;
    this.#children = children;
  }

  read(): CpuTimes {
    const own = statOf(this.#proc, 'self');
    let iftop = own?.waitedFor ?? 0;
    for (const pid of this.#children()) iftop += statOf(this.#proc, pid)?.cpu ?? 0;
    // A child that is ending may for a moment be neither among the living nor waited for.
    this.#last = {
      daemon: Math.max(this.#last.daemon, own?.cpu ?? 0),
      iftop: Math.max(this.#last.iftop, iftop),
    };
    return this.#last;
  }
}
