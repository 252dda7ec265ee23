import type { Counters, Netns } from '../model.ts';
import { continued, openCounters, parseNetDev, readNetDev } from '../linux/interface-counters.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import type { ProcFile } from '../linux/proc-file.ts';

/** Reads the counters of one interface, through whichever process is in its network namespace. */
export class CounterReader {
  readonly #proc: string;
  readonly #iface: string;
  readonly #seen: (netDev: string) => void;
  #netns: Netns;
  /** A process while the interface is captured, and the file of the counters, which stays open while it does. */
  #source: Netns['pid'] | undefined;
  #file: ProcFile | undefined;
  /** The last reading, and its text: while nothing passes, that is the same. */
  #text: string | undefined;
  #latest: Counters | undefined;

  /** `seen` gets the text of /proc/net/dev at each reading. */
  constructor(proc: string, netns: Netns, iface: string, seen: (netDev: string) => void) {
    [this.#proc, this.#netns, this.#iface, this.#seen] = [proc, netns, iface, seen];
  }

  get netns(): Netns {
    return this.#netns;
  }

  get latest(): Counters | undefined {
    return this.#latest;
  }

  /** The counters now, if they can be read. */
  read(): Counters | undefined {
    const { inode, pid } = this.#netns;
    const text = this.#file?.read() ?? readNetDev(this.#proc, inode, [this.#source, pid]);
    if (text === undefined) return undefined;
    this.#seen(text);
    if (text === this.#text) return this.#latest;
    this.#text = text;
    const counters = parseNetDev(text, this.#iface);
    this.#latest = counters && continued(counters, this.#latest);
    return this.#latest;
  }

  /** The interface is captured: the counters are read through this process in the namespace until `close`. */
  open(pid: Netns['pid'] | undefined): void {
    if (pid === undefined) return;
    this.#source = pid;
    this.#file = openCounters(this.#proc, { inode: this.#netns.inode, pid });
  }

  close(): void {
    this.#file?.close();
    [this.#source, this.#file] = [undefined, undefined];
  }

  /** Reads through one of these processes from now on. Returns false if none is in the namespace, which is dead then. */
  moveTo(pids: readonly number[]): boolean {
    const { inode } = this.#netns;
    const pid = pids.find((candidate) => netnsOf(this.#proc, candidate) === inode);
    if (pid !== undefined) this.#netns = { inode, pid };
    return pid !== undefined;
  }
}
