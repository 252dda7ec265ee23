import { CONDITIONS } from '../conditions.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeCapture } from '../capture/node-capture.ts';
import type { StoredWindow } from '../influx/spool/stored-window.ts';
import type { Sync } from '../kubernetes/sync.ts';
import type { ClosedWindow, Log, ProblemLog } from '../model.ts';
import type { Directory } from '../naming/directory.ts';
import type { AgentFieldReader } from './agent-fields.ts';
import type { Reporter } from './reporter.ts';
import type { Sink } from './sink.ts';

export interface WindowQueueOptions {
  readonly capture: Pick<NodeCapture, 'ended' | 'close' | 'known'>;
  readonly directory: Pick<Directory, 'tenures' | 'restore' | 'forget'>;
  readonly sync: Pick<Sync, 'since' | 'lateFor'>;
  /** Reads the fields that a row of `nstat_agent` has from the end of its window. */
  readonly agentFields: Pick<AgentFieldReader<unknown>, 'read'>;
  readonly reporter: Pick<Reporter, 'report'>;
  readonly sink: Pick<Sink, 'unsent'>;
  readonly log: Log;
  readonly problems: ProblemLog;
}

/** A closed window that waits until its names are certain. */
interface WaitingWindow extends Omit<StoredWindow, 'pods'> {
  pods: readonly ClosedWindow[];
  /** When it was closed, by `performance.now()`: the wall clock may be set while it waits. */
  readonly at: number;
}

/**
 * What happens in the cluster is reported within this time (milliseconds), and late slots arrive: a window is closed
 * so long after its end.
 */
export const GRACE = 4000;
/** A closed window waits so long for the cluster to be followed again; then pods are not named in it. */
const PATIENCE = 120_000;
/** At the agent's end a disk is not waited for any longer. */
const DISK = 200;
/** Slots of a window reach back before its start, but not so far. */
const REACH = 60_000;

/**
 * Windows from their end to their rows. From its end on a window is on disk, without the slots that are still to
 * come, so a kill costs no more than the window that is open. Windows that an earlier process left are named by
 * who had the addresses at the time, as that process knew it.
 */
export class WindowQueue {
  readonly #options: WindowQueueOptions;
  /** Of windows that have ended and are not closed yet. */
  readonly #figures = new Map<number, StoredWindow['figures']>();
  /** In the order of their ends. */
  readonly #waiting: WaitingWindow[] = [];
  /** All that happened in the cluster up to this moment (milliseconds since 1970) has been reported. */
  #known = 0;

  constructor(options: WindowQueueOptions) {
    this.#options = options;
  }

  /** The clock passes the end of a window. */
  ended(end: number): void {
    const { capture, agentFields, sink } = this.#options;
    const figures = agentFields.read();
    this.#figures.set(end, figures);
    sink.unsent.keep(this.#stored(end, capture.ended(end), figures));
  }

  /** All slots of a window have come; its rows follow when its names are certain. */
  close(end: number): void {
    const { capture, agentFields, sink } = this.#options;
    const figures = this.#figures.get(end) ?? agentFields.read();
    this.#figures.delete(end);
    const window = this.#stored(end, capture.close(end), figures);
    this.#waiting.push({ ...window, at: performance.now() });
    this.flush();
    if (this.#waiting.length > 0) sink.unsent.keep(window);
  }

  /** Reports all windows that can be named. */
  flush(): void {
    this.#takeLeft();
    this.#identifyPods();
    this.#updateKnown();
    const certain = this.#isCertain(GRACE);
    for (let [window] = this.#waiting; window; [window] = this.#waiting) {
      if (!certain && performance.now() < window.at + PATIENCE) return;
      this.#report(window, certain);
    }
  }

  /**
   * Reports the windows that wait, without the grace. Windows whose names are not certain are left to the next
   * process, if they are on disk and `handOver` says that there is a next process.
   */
  async end(handOver: boolean): Promise<void> {
    const { sink, log } = this.#options;
    this.flush();
    const certain = this.#isCertain(0);
    if (!certain)
      await Promise.race([sink.unsent.stored(), sleep(DISK, undefined, { ref: false })]);
    const isLeft = ({ end }: WaitingWindow) => handOver && !certain && sink.unsent.keeps(end);
    const named = this.#waiting.filter((window) => !isLeft(window));
    for (const window of named) this.#report(window, certain);
    const windows = this.#waiting.length;
    if (windows > 0) log.info({ windows }, 'ended before windows could be named; they are kept');
  }

  /** A window with who had its addresses, as it goes to disk. */
  #stored(
    end: number,
    pods: readonly ClosedWindow[],
    figures: StoredWindow['figures'],
  ): StoredWindow {
    this.#updateKnown();
    const addresses = new Set<string>();
    let [from, to] = [end, end];
    for (const pair of pods.flatMap(({ window }) => window.pairs)) {
      addresses.add(pair.local).add(pair.remote);
      from = Math.min(from, pair.from);
      to = Math.max(to, pair.to);
    }
    const owners = this.#options.directory.tenures(addresses, from, to, this.#known);
    return { end, pods, figures, owners };
  }

  /** Whether all that happened before `grace` milliseconds ago has been reported. */
  #isCertain(grace: number): boolean {
    return performance.now() >= this.#options.sync.since + grace;
  }

  #updateKnown(): void {
    if (this.#isCertain(GRACE)) this.#known = Date.now() - GRACE;
  }

  /** Windows that an earlier process left wait like those of this one. */
  #takeLeft(): void {
    const { sink, directory } = this.#options;
    const left = sink.unsent.takeLeft();
    for (const { owners } of left) directory.restore(owners);
    const at = performance.now();
    this.#waiting.unshift(...left.map((window) => ({ ...window, at })));
    if (left.length > 0) this.#waiting.sort((a, b) => a.end - b.end);
  }

  /** Fills in what the API server has reported since of pods that were not known, or had no addresses. */
  #identifyPods(): void {
    const { capture } = this.#options;
    for (const waiting of this.#waiting) {
      waiting.pods = waiting.pods.map((closed) => {
        const { pod, selection } = closed;
        if (selection !== 'unknown' && pod.ips.length > 0) return closed;
        const known = capture.known(pod.cgroupUid);
        if (!known || known.selection === 'unknown') return closed;
        return { ...closed, pod: known.pod, selection: known.selection };
      });
    }
  }

  #report(window: WaitingWindow, certain: boolean): void {
    const { directory, reporter, sync, problems } = this.#options;
    this.#waiting.splice(this.#waiting.indexOf(window), 1);
    if (certain) problems.resolve('names');
    else {
      problems.report('names', CONDITIONS.peersUnnamed, {
        resources: sync.lateFor(performance.now() - GRACE),
      });
    }
    // A watch that ends in its time and is renewed costs no more than the grace, and makes no window late.
    reporter.report(window, { certain, late: !certain || sync.since > window.at });
    directory.forget(window.end - REACH);
  }
}
