import { CONDITIONS } from '../conditions.ts';
import { identity, podsOf, subjectOf } from '../capture/identity.ts';
import type { Missing, ProblemLog, Traffic } from '../model.ts';
import { sum } from '../sum.ts';
import { bothDirections } from './both-directions.ts';

/** Missing bytes are compared over so many milliseconds. */
const MINUTE = 60_000;
/** The part of the kernel's bytes that may be missing, and the bytes: a few ARP packets are no problem. */
const TOLERATED = { part: 0.02, bytes: 64 * 1024 };

const REASONS: { readonly [reason in keyof Missing]: string } = {
  uncaptured: 'it passed while no capture was running',
  overload: 'the pod has more flows than iftop can follow',
  paused: 'its capture was paused for CPU_BUDGET',
  other: 'it is not IP, or packets of more than 64 KiB, or packets were dropped on a busy node',
};

const COUNTERS = 'counters';

export interface ReconciliationOptions {
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly problems: ProblemLog;
}

/** Compares what the kernel counted with what the rows have, and reports what does not match as problems. */
export class Reconciliation {
  readonly #options: ReconciliationOptions;
  /** Of the windows of the last minute what passed and what no row has, the newest last, by interface of a pod. */
  readonly #recent = new Map<string, { readonly bytes: number; readonly missing: Missing }[]>();

  constructor(options: ReconciliationOptions) {
    this.#options = options;
  }

  /** Takes one window of all pods. Pods that are not in it are gone. */
  check(traffic: readonly Traffic[]): void {
    const present = new Set(traffic.map(({ pod, iface }) => subjectOf(pod, iface)));
    for (const name of this.#recent.keys()) {
      if (present.has(name)) continue;
      this.#recent.delete(name);
      this.#options.problems.resolve(missingOf(name));
    }
    for (const each of traffic) this.#checkMissing(each);
    this.#checkCounters(traffic);
  }

  /** A minute of windows decides, whether bytes begin to be missing or cease to be. */
  #checkMissing({ pod, iface, kernel, uncounted, missing }: Traffic): void {
    const { interval, problems } = this.#options;
    const name = subjectOf(pod, iface);
    const recent = this.#recent.get(name) ?? [];
    this.#recent.set(name, recent);
    recent.push({
      bytes: kernel ? bothDirections(kernel) + bothDirections(uncounted) : 0,
      missing,
    });
    const enough = Math.ceil(MINUTE / interval);
    if (recent.length < enough) return;
    if (recent.length > enough) recent.shift();

    const bytes = sum(recent, (entry) => entry.bytes);
    const parts = (Object.keys(REASONS) as (keyof Missing)[]).map((reason) => ({
      reason,
      bytes: sum(recent, (entry) => entry.missing[reason]),
    }));
    const all = sum(parts, (part) => part.bytes);
    if (all <= Math.max(TOLERATED.bytes, TOLERATED.part * bytes)) {
      problems.resolve(missingOf(name));
      return;
    }
    const most = parts.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    problems.report(missingOf(name), CONDITIONS.podUnbalanced, {
      ...identity(pod),
      interface: iface,
      kernel: bytes,
      missing: all,
      likely: REASONS[most.reason],
    });
  }

  /** Where the counters of one pod fall short, those of all pods of the node most likely do: one problem for the node. */
  #checkCounters(traffic: readonly Traffic[]): void {
    const { problems } = this.#options;
    const short = traffic.filter(({ uncounted }) => bothDirections(uncounted) > 0);
    if (short.length === 0) {
      problems.resolve(COUNTERS);
      return;
    }
    problems.report(COUNTERS, CONDITIONS.countersIncomplete, {
      pods: podsOf(short),
      podsSeen: podsOf(traffic),
      sent: sum(short, ({ uncounted }) => uncounted.sent),
      received: sum(short, ({ uncounted }) => uncounted.received),
      likely:
        'kernels before 6.7 do not count what Cilium redirects into a pod (bpf_redirect_peer)',
    });
  }
}

/** Not the interface's own subject, whose problems are over when the interface is captured again. */
function missingOf(name: string): string {
  return `missing bytes of ${name}`;
}
