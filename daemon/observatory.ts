import PQueue from 'p-queue';
import { Ledger } from '../lib/flows/window.ts';
import type { LocalPod, Log, Netns, Window } from '../lib/model.ts';
import { NetnsGoneError } from '../lib/netns/enter.ts';
import { locate, netnsOf, podProcesses } from '../lib/netns/locate.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import type { Troubles } from './log.ts';

export interface ObservatoryOptions {
  readonly proc: string;
  readonly iface: string;
  readonly log: Log;
  readonly troubles: Troubles;
  /** All pods (it is one) are in our own network namespace. */
  readonly sidecar: boolean;
}

interface Observed {
  pod: LocalPod;
  readonly ledger: Ledger;
  capture: Capture | undefined;
  failures: number;
  notBefore: number;
  /** It is no pod to observe any more; it stays until its last window is closed. */
  gone: boolean;
  last: boolean;
}

/** Starting one costs some 20 ms of CPU; more at once would only get in each other's way. */
const STARTS_AT_ONCE = 4;
const SEEK_EVERY = 1000;
const BACKOFF = { first: 1000, most: 30_000 };
/** A capture that has lasted this long was a success. */
const PROVEN = 60_000;

/** The pods of this node, each with its capture and its ledger. */
export class Observatory {
  readonly #options: ObservatoryOptions;
  readonly #captures: CaptureOptions;
  readonly #pods = new Map<LocalPod['uid'], Observed>();
  /** Namespaces that are no pod's to us: the host's and our own. */
  readonly #forbidden: ReadonlySet<Netns['inode']>;
  readonly #own: Netns['inode'] | undefined;
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Immediate | undefined;
  #stopping = false;
  #restarts = 0;
  #unparsed = 0;

  constructor(options: ObservatoryOptions) {
    this.#options = options;
    const { proc, iface, log, troubles, sidecar } = options;
    const starts = new PQueue({ concurrency: STARTS_AT_ONCE });
    const unparsed = (pod: LocalPod, lines: number) => {
      this.#unparsed += lines;
      troubles.say(name(pod), 'lines of iftop cannot be read', identity(pod));
    };
    this.#captures = { proc, iface, log, starts, unparsed, own: sidecar };
    this.#own = netnsOf(proc, 'self');
    const forbidden = [this.#own, netnsOf(proc, 1)];
    this.#forbidden = new Set(forbidden.filter((inode) => inode !== undefined));
    this.#timer = setInterval(() => this.#seek(), SEEK_EVERY).unref();
  }

  get figures() {
    const pods = [...this.#pods.values()].filter(({ gone }) => !gone);
    return {
      podsSeen: pods.length,
      sessions: pods.filter(({ capture }) => capture?.pid).length,
      sessionRestarts: this.#restarts,
      unparsedLines: this.#unparsed,
    };
  }

  /** The processes of the captures that run. */
  get processes(): number[] {
    return [...this.#pods.values()].flatMap(({ capture }) => capture?.pid ?? []);
  }

  /** A pod to observe has come or changed. */
  put(pod: LocalPod): void {
    const known = this.#pods.get(pod.uid);
    if (known) {
      known.pod = pod;
      known.gone = false;
      if (known.capture) this.#verify(pod, known.capture);
    } else {
      const ledger = new Ledger(Date.now());
      const state = { capture: undefined, failures: 0, notBefore: 0, gone: false, last: false };
      this.#pods.set(pod.uid, { pod, ledger, ...state });
    }
    if (!this.#soon) this.#soon = setImmediate(() => this.#seek());
  }

  /** A pod is gone, or not to be observed any more; its capture ends with it. */
  remove(uid: LocalPod['uid']): void {
    const known = this.#pods.get(uid);
    if (!known) return;
    known.gone = true;
    known.capture?.stop();
    this.#options.troubles.over(name(known.pod));
  }

  /** Makes the pods to observe these and no others. */
  replace(pods: readonly LocalPod[]): void {
    const kept = new Set(pods.map(({ uid }) => uid));
    for (const uid of this.#pods.keys()) if (!kept.has(uid)) this.remove(uid);
    for (const pod of pods) this.put(pod);
  }

  /** The clock passes the end of a window. */
  turn(at: number): void {
    for (const observed of this.#pods.values()) {
      observed.last = observed.gone && !observed.capture;
      observed.ledger.turn(at, observed.capture?.counters());
    }
  }

  /** Closes the oldest window of every pod. */
  close(): { readonly pod: LocalPod; readonly window: Window }[] {
    const closed = [];
    for (const { pod, ledger, last } of this.#pods.values()) {
      const window = ledger.close();
      if (window) closed.push({ pod, window });
      if (last) this.#pods.delete(pod.uid);
    }
    return closed;
  }

  /** Ends all captures, each with a last slot. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    const captures = [...this.#pods.values()].flatMap(({ capture }) => capture ?? []);
    for (const capture of captures) capture.stop();
    await Promise.allSettled(captures.map(({ done }) => done));
  }

  /** Looks for the namespaces of pods that have none yet, or not any more. */
  #seek(): void {
    this.#soon = undefined;
    if (this.#stopping) return;
    const { proc } = this.#options;
    const now = Date.now();
    const observed = [...this.#pods.values()].filter(({ gone }) => !gone);
    const waiting = observed.filter(({ capture, notBefore }) => !capture && notBefore <= now);
    const lost = observed.filter(
      ({ capture }) => capture && netnsOf(proc, capture.netns.pid) !== capture.netns.inode,
    );
    if (waiting.length + lost.length === 0) return;

    if (this.#options.sidecar) {
      const netns = { inode: this.#own ?? 0, pid: process.pid };
      for (const candidate of waiting) this.#capture(candidate, netns);
      return;
    }
    const processes = podProcesses(proc);
    const pidsOf = ({ cgroupUid }: LocalPod) => processes.get(cgroupUid) ?? [];
    for (const { pod, capture } of lost) {
      if (!capture) continue;
      const { inode } = capture.netns;
      const pid = pidsOf(pod).find((candidate) => netnsOf(proc, candidate) === inode);
      // Another of its processes will do as well; without any, the namespace is a dead one.
      if (pid === undefined) capture.stop();
      else capture.netns = { inode, pid };
    }
    for (const candidate of waiting) {
      const netns = locate(proc, candidate.pod, pidsOf(candidate.pod), this.#forbidden);
      if (netns && !this.#isTaken(netns)) this.#capture(candidate, netns);
    }
  }

  #isTaken({ inode }: Netns): boolean {
    return [...this.#pods.values()].some(({ capture }) => capture?.netns.inode === inode);
  }

  /** The API has told a pod's addresses after its capture began: is it the right namespace? */
  #verify(pod: LocalPod, capture: Capture): void {
    const { proc, log } = this.#options;
    const { inode, pid } = capture.netns;
    const alive = netnsOf(proc, pid) === inode;
    if (this.#options.sidecar || !alive || locate(proc, pod, [pid], this.#forbidden)) return;
    log.warn({ ...identity(pod), ips: pod.ips }, 'its network namespace has none of its addresses');
    capture.stop();
  }

  #capture(observed: Observed, netns: Netns): void {
    const capture = new Capture(observed.pod, netns, observed.ledger, this.#captures);
    observed.capture = capture;
    capture.done.then(
      () => this.#ended(observed, capture, undefined),
      (error: Error) => this.#ended(observed, capture, error),
    );
  }

  #ended(observed: Observed, { started }: Capture, error: Error | undefined): void {
    const { troubles, log } = this.#options;
    const { pod } = observed;
    observed.capture = undefined;
    if (!error || error instanceof NetnsGoneError) {
      log.debug({ ...identity(pod), error: error?.message }, 'capture ended');
      return;
    }
    this.#restarts += 1;
    observed.failures = Date.now() - started > PROVEN ? 1 : observed.failures + 1;
    observed.notBefore =
      Date.now() + Math.min(BACKOFF.most, BACKOFF.first * 2 ** (observed.failures - 1));
    if (observed.failures === 1) troubles.over(name(pod));
    const what = 'capture failed; it is tried again';
    troubles.say(name(pod), what, { ...identity(pod), error: error.message });
  }
}

function name(pod: LocalPod): string {
  return `${pod.namespace}/${pod.name}`;
}

function identity({ namespace, name }: LocalPod): { namespace: string; pod: string } {
  return { namespace, pod: name };
}
