import { readdirSync } from 'node:fs';
import { podUid } from './pod-netns.ts';
import { readText } from './proc-file.ts';

/** The processes of pods of this node, oldest first, by the UID in their cgroup's path. */
export type PodProcesses = ReadonlyMap<string, readonly number[]>;

interface Seen {
  readonly uid: string | undefined;
  /** When the process was seen first, and when its cgroup was read, by `performance.now()`. */
  readonly first: number;
  readonly read: number;
}

/** A process that was in no pod when it was so old (milliseconds) will not be put into one. */
const YOUNG = 30_000;
/** The number of a process that was read so long ago (milliseconds) may be another one's by now. */
const OLD = 60_000;
/** How many old ones are read again each time. */
const OLD_AT_ONCE = 50;
/** To list 5000 processes takes some 6 ms: within this time (milliseconds) they are listed only if there is a new one. */
const UNLISTED = 10_000;

/**
 * The processes of pods. A runtime first starts a process and then puts it into the pod's cgroup, so a new process without a
 * pod is read again whenever it has become twice as old; any other one is read once.
 */
export class ProcessTable {
  readonly #proc: string;
  /** By number; the process that was read longest ago is first. */
  readonly #known = new Map<number, Seen>();
  #newest: string | undefined;
  #listed = -Infinity;
  #reads = 0;

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** The number of processes, those without a pod included. */
  get size(): number {
    return this.#known.size;
  }

  /** The number of cgroups read so far. */
  get reads(): number {
    return this.#reads;
  }

  /** The processes of all pods now. */
  all(): PodProcesses {
    const now = performance.now();
    const newest = this.#newestPid();
    const isSame = newest !== undefined && newest === this.#newest;
    // Processes that were there before the agent are of any age, and too many to be read again and again all at once.
    const first = this.#listed < 0 ? now - YOUNG / 2 : now;
    const listed = isSame && now - this.#listed < UNLISTED ? undefined : this.#list();
    if (listed) {
      [this.#newest, this.#listed] = [newest, now];
      for (const pid of this.#known.keys()) if (!listed.has(pid)) this.#known.delete(pid);
    }
    const known = [...this.#known];
    const old = known.filter(([, { read }]) => now - read >= OLD).slice(0, OLD_AT_ONCE);
    const young = known.filter(
      ([, { uid, first, read }]) =>
        uid === undefined && read - first < YOUNG && now - first >= 2 * (read - first),
    );
    for (const [pid, seen] of new Map([...old, ...young])) this.#read(pid, seen.first, now);
    for (const pid of listed ?? []) if (!this.#known.has(pid)) this.#read(pid, first, now);
    return byUid(this.#known);
  }

  /** The number that a process or a thread got last: proc_loadavg(5). */
  #newestPid(): string | undefined {
    return readText(`${this.#proc}/loadavg`)?.trim().split(' ').at(4);
  }

  #list(): Set<number> {
    return new Set(readdirSync(this.#proc).map(Number).filter(Number.isInteger));
  }

  /** Reads the process's cgroup, and puts the process last. */
  #read(pid: number, first: number, now: number): void {
    this.#reads += 1;
    this.#known.delete(pid);
    this.#known.set(pid, { uid: this.#uidOf(pid), first, read: now });
  }

  #uidOf(pid: number): string | undefined {
    return podUid(readText(`${this.#proc}/${pid}/cgroup`) ?? '');
  }
}

function byUid(known: ReadonlyMap<number, Seen>): PodProcesses {
  const found = new Map<string, number[]>();
  for (const [pid, { uid }] of known) {
    if (uid === undefined) continue;
    const pids = found.get(uid);
    if (pids) pids.push(pid);
    else found.set(uid, [pid]);
  }
  for (const pids of found.values()) pids.sort((a, b) => a - b);
  return found;
}
