import { sum } from '../sum.ts';
import type { Bytes, Missing, Traffic, ProblemLog } from '../model.ts';
import { identity, podsOf, subjectOf } from '../capture/identity.ts';

/** Books are judged over so many milliseconds. */
const MINUTE = 60_000;
/** What may be missing of what the kernel counted, if it is more than a few ARP packets. */
const TOLERANCE = 0.02;
const LEAST = 64 * 1024;

const REASONS: { readonly [reason in keyof Missing]: string } = {
  uncaptured: 'it passed while no capture was running',
  overload: 'the pod has more flows than iftop can follow',
  paused: 'its capture was paused for CPU_BUDGET',
  other: 'it is not IP, or packets of more than 64 KiB, or packets were dropped on a busy node',
};

const COUNTERS = 'counters';
const UNCOUNTED = "the kernel's counters do not have all that was captured of pods";

export interface ReconciliationOptions {
  /** Length of a window in milliseconds. */
  readonly interval: number;
  readonly problems: ProblemLog;
}

/** All that is kept of a window. */
interface Entry {
  readonly kernel: number;
  readonly missing: Missing;
}

/** An interface of a pod whose books have been off for a minute is in trouble, until they have not been for another. */
export class Reconciliation {
  readonly #options: ReconciliationOptions;
  readonly #pods = new Map<string, { readonly recent: Entry[]; off: boolean }>();

  constructor(options: ReconciliationOptions) {
    this.#options = options;
  }

  /** Takes in one window of all pods; those that are not in it have gone. */
  audit(traffic: readonly Traffic[]): void {
    const present = new Set(traffic.map(({ pod, iface }) => subjectOf(pod, iface)));
    for (const name of this.#pods.keys()) {
      if (present.has(name)) continue;
      this.#pods.delete(name);
      this.#options.problems.resolve(booksOf(name));
    }
    for (const each of traffic) this.#audit(each);
    this.#auditCounters(traffic);
  }

  /** Where it is one pod it is most likely every one of the node, so the node is what is in trouble. */
  #auditCounters(traffic: readonly Traffic[]): void {
    const { problems } = this.#options;
    const short = traffic.filter(({ uncounted }) => size(uncounted) > 0);
    if (short.length === 0) {
      problems.resolve(COUNTERS);
      return;
    }
    problems.report(COUNTERS, UNCOUNTED, {
      pods: podsOf(short),
      podsSeen: podsOf(traffic),
      sent: sum(short, ({ uncounted }) => uncounted.sent),
      received: sum(short, ({ uncounted }) => uncounted.received),
      likely:
        'kernels before 6.7 do not count what Cilium redirects into a pod (bpf_redirect_peer)',
      fix: 'a newer kernel on this node; until then the totals of these pods are what was captured',
    });
  }

  #audit(traffic: Traffic): void {
    const { interval, problems } = this.#options;
    const name = subjectOf(traffic.pod, traffic.iface);
    const books = this.#pods.get(name) ?? { recent: [], off: false };
    this.#pods.set(name, books);
    const { kernel: counted, uncounted, missing: parted } = traffic;
    const bytes = counted ? size(counted) + size(uncounted) : 0;
    books.recent.push({ kernel: bytes, missing: parted });
    const enough = Math.ceil(MINUTE / interval);
    if (books.recent.length < enough) return;
    if (books.recent.length > enough) books.recent.shift();

    const kernel = sum(books.recent, ({ kernel }) => kernel);
    const parts = (Object.keys(REASONS) as (keyof Missing)[]).map((reason) => ({
      reason,
      bytes: sum(books.recent, ({ missing }) => missing[reason]),
    }));
    const missing = sum(parts, ({ bytes }) => bytes);
    const off = missing > Math.max(LEAST, TOLERANCE * kernel);
    const most = parts.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    const who = { ...identity(traffic.pod), interface: traffic.iface, kernel, missing };
    if (off) {
      const likely = REASONS[most.reason];
      problems.report(booksOf(name), 'the books of a pod do not balance', { ...who, likely });
    } else if (books.off) problems.resolve(booksOf(name));
    books.off = off;
  }
}

/** Not the interface's own subject, which is over when it is captured again. */
function booksOf(name: string): string {
  return `books of ${name}`;
}

function size({ sent, received }: Bytes): number {
  return sent + received;
}
