import { orient } from '../accounting/orient.ts';
import type { Ledger } from '../accounting/ledger.ts';
import { iftopCommand } from '../iftop/process.ts';
import { Session } from '../iftop/session.ts';
import type { Counters, LocalPod, Netns } from '../model.ts';
import { openCounters, parseNetDev, readNetDev } from '../linux/interface-counters.ts';
import { absentFrom } from '../linux/bare-netns.ts';
import { netnsOf } from '../linux/pod-netns.ts';
import type { ProcFile } from '../linux/proc-file.ts';
import type { CpuTime } from '../linux/cpu-time.ts';
import { enter, openNetns, stay } from '../linux/netns-exec.ts';
import type { StartLimiter } from './start-limiter.ts';

export interface CaptureOptions {
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly cpu: CpuTime;
  /** The interface that is to have the pod's addresses where there is no eth0. */
  readonly primary: string;
  /** The namespace is our own: there is nothing to enter. */
  readonly own: boolean;
  /** Bounds how many captures are being started at once. */
  readonly starts: StartLimiter;
  /** iftop has reported. */
  readonly reported: () => void;
}

export interface CaptureEvents {
  /** The text of /proc/net/dev in the namespace was read. */
  readonly seen: (netDev: string) => void;
  /** Its iftop is at its limits. */
  readonly strained: () => void;
  /** So many lines of it could not be read. */
  readonly unparsed: (lines: number) => void;
  readonly frame: (lines: readonly string[]) => void;
  readonly began: () => void;
}

/** The capture of one interface of a pod in one network namespace, from its start to its end. */
export class Capture {
  /** Its process is only a way to the namespace, and may be replaced by another one in it. */
  netns: Netns;
  /** By `performance.now()`. */
  readonly created = performance.now();
  /** When it began to capture, by `performance.now()`; undefined if it has not. */
  started: number | undefined;
  /** Settles when it has ended, with the reason if it was not asked to. */
  readonly done: Promise<void>;
  readonly #iface: string;
  readonly #options: CaptureOptions & CaptureEvents;
  readonly #stop = new AbortController();
  /** Until when a last slot is waited for, by `performance.now()`. */
  #until = Infinity;
  #session: Session | undefined;
  /** What is read of it every other second, from when it captures until it has ended. */
  #counters: ProcFile | undefined;

  constructor(
    pod: () => LocalPod,
    netns: Netns,
    iface: string,
    ledger: Ledger,
    options: CaptureOptions & CaptureEvents,
  ) {
    this.netns = netns;
    this.#iface = iface;
    this.#options = options;
    this.done = this.#run(pod, ledger);
  }

  /** The process that captures, once it does. */
  get pid(): number | undefined {
    return this.#session?.pid;
  }

  /** When iftop last reported, or was seen to be at rest, if it captures. */
  get heard(): number | undefined {
    return this.#session?.heard;
  }

  /** The interface's counters now, if they can be read. */
  counters(): Counters | undefined {
    const { proc, seen } = this.#options;
    const { inode, pid } = this.netns;
    const text = this.#counters?.read() ?? readNetDev(proc, inode, [this.pid, pid]);
    if (text === undefined) return undefined;
    seen(text);
    return parseNetDev(text, this.#iface);
  }

  /** CPU time in seconds that its process has used; undefined while there is none. */
  get cpu(): number | undefined {
    const { pid } = this;
    return pid === undefined ? undefined : this.#options.cpu.of(pid);
  }

  /** Another process of the pod will do as well; without any (false) the namespace is a dead one. */
  moveTo(pids: readonly number[]): boolean {
    const { inode } = this.netns;
    const pid = pids.find((candidate) => netnsOf(this.#options.proc, candidate) === inode);
    if (pid === undefined) this.stop();
    else this.netns = { inode, pid };
    return pid !== undefined;
  }

  /** It was asked to end. */
  get isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Lets it end, with a last slot if it has one within so many milliseconds. */
  stop(patience = Infinity): void {
    this.#until = Math.min(this.#until, performance.now() + patience);
    this.#stop.abort();
    this.#session?.wake();
  }

  async #run(pod: () => LocalPod, ledger: Ledger): Promise<void> {
    const { proc, primary, own, starts, strained, unparsed, reported, frame, began } =
      this.#options;
    const { signal } = this.#stop;
    this.#session = await starts.add(async () => {
      if (signal.aborted) return undefined;
      const child = own
        ? stay(iftopCommand(this.#iface))
        : enter(
            openNetns(proc, this.netns, pod().cgroupUid),
            iftopCommand(
              this.#iface,
              absentFrom(proc, this.netns.pid, this.#iface, { ...pod(), primary }),
            ),
          );
      return Session.start(child, {
        counters: () => this.counters(),
        cpu: () => this.cpu ?? 0,
        strained,
        unparsed,
        frame,
      });
    });
    if (!this.#session) return;
    this.#open();
    this.started = performance.now();
    ledger.captured(this.counters());
    began();
    try {
      for await (const slot of this.#session.slots(signal, () => this.#until)) {
        reported();
        const { ips } = pod();
        ledger.add({ ...slot, flows: slot.flows.map((flow) => orient(flow, ips)) });
      }
    } finally {
      ledger.released(this.counters());
      this.#counters?.close();
      this.#counters = undefined;
    }
  }

  #open(): void {
    const { pid } = this;
    if (pid === undefined) return;
    const { proc } = this.#options;
    this.#counters = openCounters(proc, { inode: this.netns.inode, pid });
  }
}
