import { CONDITIONS } from '../conditions.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredWindow } from '../influx/spool/stored-window.ts';
import type { Directory } from '../naming/directory.ts';
import type { ClosedWindow, Log, ProblemLog } from '../model.ts';
import type { PodRegistry } from '../capture/pod-registry.ts';
import type { Reporter, Sink } from './reporter.ts';
import type { Sync } from '../kubernetes/sync.ts';

export interface WindowQueueOptions {
  readonly registry: Pick<PodRegistry, 'ended' | 'close' | 'known'>;
  readonly directory: Pick<Directory, 'tenures' | 'restore' | 'forget'>;
  readonly sync: Pick<Sync, 'since' | 'lateFor'>;
  readonly reporter: Pick<Reporter, 'figures' | 'report'>;
  readonly sink: Pick<Sink, 'keep' | 'keeps' | 'stored' | 'takeLeft'>;
  readonly log: Log;
  readonly problems: ProblemLog;
}

/** A window that is over, whose names may not be certain yet. */
interface Held extends Omit<StoredWindow, 'pods'> {
  pods: readonly ClosedWindow[];
  /** When it was closed, by `performance.now()`: the wall clock may be set while it waits. */
  readonly at: number;
}

/**
 * What is heard of the cluster this long after a moment is what was true at that moment; windows are
 * closed so long after their end.
 */
export const GRACE = 4000;
/** A closed window waits so long for a directory that is right; then pods are not named in it. */
const PATIENCE = 120_000;
/** At our end a disk is not waited for any longer. */
const DISK = 200;
/** Slots of a window reach back before its start, but not so far. */
const REACH = 60_000;

/**
 * Windows from their end to their rows. One is on disk from its end on, at first as it is by then, since
 * slots that span its end are still to come; so a kill loses no more than the window that is open. What an
 * earlier process left is named by who had the addresses at the time, as that process knew it.
 */
export class WindowQueue {
  readonly #options: WindowQueueOptions;
  readonly #figures = new Map<number, StoredWindow['figures']>();
  /** In the order of their ends. */
  readonly #held: Held[] = [];
  /** All that happened in the cluster up to this moment has been heard. */
  #known = 0;

  constructor(options: WindowQueueOptions) {
    this.#options = options;
  }

  /** The clock passes the end of a window. */
  ended(end: number): void {
    const { registry, reporter, sink } = this.#options;
    const figures = reporter.figures();
    this.#figures.set(end, figures);
    sink.keep(this.#window(end, registry.ended(end), figures));
  }

  /** All slots of a window have come; its rows follow when its names are certain. */
  close(end: number): void {
    const { registry, reporter, sink } = this.#options;
    const figures = this.#figures.get(end) ?? reporter.figures();
    this.#figures.delete(end);
    const window = this.#window(end, registry.close(end), figures);
    this.#held.push({ ...window, at: performance.now() });
    this.flush();
    if (this.#held.length > 0) sink.keep(window);
  }

  /** Hands on all windows that can be named. */
  flush(): void {
    this.#takeLeft();
    this.#resolve();
    for (let [held] = this.#held; held; [held] = this.#held) {
      const certain = this.#isCertain(GRACE);
      if (!certain && performance.now() < held.at + PATIENCE) return;
      this.#report(held, certain);
    }
  }

  /**
   * There is no time to wait for what may be heard late. Windows that cannot be named rightly are for
   * the next process, where they are on disk and `handOver` says that there is one.
   */
  async end(handOver: boolean): Promise<void> {
    const { sink, log } = this.#options;
    this.flush();
    const certain = this.#isCertain(0);
    if (!certain) await Promise.race([sink.stored(), sleep(DISK, undefined, { ref: false })]);
    const isLeft = ({ end }: Held) => handOver && !certain && sink.keeps(end);
    const left = this.#held.filter(isLeft);
    for (const held of this.#held.filter((held) => !isLeft(held))) this.#report(held, certain);
    if (left.length > 0)
      log.info({ windows: left.length }, 'ended before windows could be named; they are kept');
  }

  #window(
    end: number,
    pods: readonly ClosedWindow[],
    figures: StoredWindow['figures'],
  ): StoredWindow {
    const { directory } = this.#options;
    this.#isCertain(GRACE);
    const addresses = new Set<string>();
    let [from, to] = [end, end];
    for (const pair of pods.flatMap(({ window }) => window.pairs)) {
      addresses.add(pair.local).add(pair.remote);
      [from, to] = [Math.min(from, pair.from), Math.max(to, pair.to)];
    }
    return { end, pods, figures, owners: directory.tenures(addresses, from, to, this.#known) };
  }

  /** Whether all has been heard that had happened before a time (milliseconds) of `grace`. */
  #isCertain(grace: number): boolean {
    const certain = performance.now() >= this.#options.sync.since + grace;
    if (certain && grace > 0) this.#known = Date.now() - grace;
    return certain;
  }

  #takeLeft(): void {
    const { sink, directory } = this.#options;
    const left = sink.takeLeft();
    for (const { owners } of left) directory.restore(owners);
    const at = performance.now();
    this.#held.unshift(...left.map((window) => ({ ...window, at })));
    if (left.length > 0) this.#held.sort((a, b) => a.end - b.end);
  }

  /** What the API has told since of pods of which it had not, or not all. */
  #resolve(): void {
    const { registry } = this.#options;
    for (const held of this.#held) {
      held.pods = held.pods.map((closed) => {
        const { pod, selection } = closed;
        if (selection !== 'unknown' && pod.ips.length > 0) return closed;
        const known = registry.known(pod.cgroupUid);
        if (!known || known.selection === 'unknown') return closed;
        return { ...closed, pod: known.pod, selection: known.selection };
      });
    }
  }

  #report(held: Held, certain: boolean): void {
    const { directory, reporter, sync, problems } = this.#options;
    this.#held.splice(this.#held.indexOf(held), 1);
    if (certain) problems.resolve('names');
    else {
      problems.report('names', CONDITIONS.peersUnnamed, {
        resources: sync.lateFor(performance.now() - GRACE),
      });
    }
    // A watch that ends in its time and is renewed costs at most the grace, and no window is late for it.
    reporter.report(held, { certain, late: !certain || sync.since > held.at });
    directory.forget(held.end - REACH);
  }
}
