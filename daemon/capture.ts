import type { Ledger } from '../lib/flows/window.ts';
import { iftopCommand } from '../lib/iftop/process.ts';
import { Session } from '../lib/iftop/session.ts';
import type { Counters, LocalPod, Log, Netns } from '../lib/model.ts';
import { readCounters } from '../lib/netns/counters.ts';
import { netnsOf } from '../lib/netns/locate.ts';
import { statOf } from '../lib/netns/stat.ts';
import { enter, openNetns, stay } from '../lib/netns/enter.ts';
import type { Starts } from './starts.ts';

export interface CaptureOptions {
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly iface: string;
  readonly log: Log;
  /** The namespace is our own: there is nothing to enter. */
  readonly own: boolean;
  /** Bounds how many captures are being started at once. */
  readonly starts: Starts;
  /** iftop has reported. */
  readonly reported: () => void;
  readonly unparsed: (pod: LocalPod, lines: number) => void;
}

export interface CaptureEvents {
  /** Its iftop is at its limits. */
  readonly strained: () => void;
}

/** The capture of one pod in one network namespace, from its start to its end. */
export class Capture {
  /** Its process is only a way to the namespace, and may be replaced by another one in it. */
  netns: Netns;
  readonly created = Date.now();
  /** When it began to capture (milliseconds since 1970); undefined if it has not. */
  started: number | undefined;
  /** Settles when it has ended, with the reason if it was not asked to. */
  readonly done: Promise<void>;
  readonly #options: CaptureOptions & CaptureEvents;
  readonly #stop = new AbortController();
  #session: Session | undefined;

  constructor(
    pod: LocalPod,
    netns: Netns,
    ledger: Ledger,
    options: CaptureOptions & CaptureEvents,
  ) {
    this.netns = netns;
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
    const { proc, iface } = this.#options;
    return readCounters(proc, this.netns.inode, [this.pid, this.netns.pid], iface);
  }

  /** The process by which the namespace is reached has gone. */
  get isLost(): boolean {
    return netnsOf(this.#options.proc, this.netns.pid) !== this.netns.inode;
  }

  /** Another process of the pod will do as well; without any, the namespace is a dead one. */
  moveTo(pids: readonly number[]): void {
    const { inode } = this.netns;
    const pid = pids.find((candidate) => netnsOf(this.#options.proc, candidate) === inode);
    if (pid === undefined) this.stop();
    else this.netns = { inode, pid };
  }

  /** Lets it end, with a last slot. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(pod: LocalPod, ledger: Ledger): Promise<void> {
    const { proc, iface, log, own, starts, reported, unparsed, strained } = this.#options;
    const { signal } = this.#stop;
    this.#session = await starts.add(async () => {
      if (signal.aborted) return undefined;
      const command = iftopCommand(iface);
      const child = own
        ? stay(command)
        : enter(openNetns(proc, this.netns, pod.cgroupUid), command);
      return Session.start(child, {
        counters: () => this.counters(),
        cpu: () => (this.pid === undefined ? 0 : (statOf(proc, this.pid)?.cpu ?? 0)),
        strained,
        unparsed: (lines) => unparsed(pod, lines),
        log,
      });
    });
    if (!this.#session) return;
    this.started = Date.now();
    ledger.captured(this.counters());
    log.debug({ namespace: pod.namespace, pod: pod.name, pid: this.pid }, 'capture started');
    try {
      for await (const slot of this.#session.slots(signal)) {
        reported();
        ledger.add(slot);
      }
    } finally {
      ledger.released(this.counters());
    }
  }
}
