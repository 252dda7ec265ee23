import { readdirSync, readFileSync } from 'node:fs';
import { podUid } from './locate.ts';

/** The processes of pods of this node, oldest first, by the UID in their cgroup's path. */
export type PodProcesses = ReadonlyMap<string, readonly number[]>;

/**
 * Looks for the processes of pods. To look at all of them takes a read each; one that was there when
 * all were looked at last need not be read again to find what has come since.
 */
export class ProcessTable {
  readonly #proc: string;
  #known = new Map<number, string | undefined>();

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** All of them, each looked at anew. */
  all(): PodProcesses {
    this.#known = new Map(this.#pids().map((pid) => [pid, this.#uidOf(pid)]));
    return byUid(this.#known);
  }

  /**
   * The same, but only new ones are looked at. What they say is not kept: a runtime starts a process
   * first and puts it into the pod's cgroup then.
   */
  recent(): PodProcesses {
    const uidOf = (pid: number) => (this.#known.has(pid) ? this.#known.get(pid) : this.#uidOf(pid));
    return byUid(this.#pids().map((pid) => [pid, uidOf(pid)]));
  }

  #pids(): number[] {
    const pids = readdirSync(this.#proc).map(Number).filter(Number.isInteger);
    return pids.sort((a, b) => a - b);
  }

  #uidOf(pid: number): string | undefined {
    try {
      return podUid(readFileSync(`${this.#proc}/${pid}/cgroup`, 'utf8'));
    } catch {
      return undefined;
    }
  }
}

function byUid(uids: Iterable<readonly [number, string | undefined]>): PodProcesses {
  const found = new Map<string, number[]>();
  for (const [pid, uid] of uids) if (uid) found.set(uid, [...(found.get(uid) ?? []), pid]);
  return found;
}
