import { CONDITIONS } from '../conditions.ts';
import type { ProblemLog } from '../model.ts';
import { statOf } from '../linux/process-stat.ts';
import { CpuBudget } from './cpu-budget.ts';
import type { Load } from './load.ts';
import type { PodCapture } from './pod-capture.ts';
import type { InterfaceCapture } from './interface-capture.ts';

export interface ThrottleOptions {
  readonly proc: string;
  /** A share of one core. */
  readonly budget: number;
  readonly pods: () => readonly PodCapture[];
  readonly problems: ProblemLog;
}

/** /proc counts hundredths of a second: of less time than this a share would be noise. */
const MEASURE_EVERY = 2000;
const TOO_SMALL = 'budget';

/** Keeps the daemon and its captures within CPU_BUDGET: measures, and does what the budget decides. */
export class CpuBudgetController {
  readonly #options: ThrottleOptions;
  readonly #budget: CpuBudget;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: ThrottleOptions) {
    this.#options = options;
    this.#budget = new CpuBudget(options.budget);
    if (!Number.isFinite(options.budget)) return;
    this.#timer = setInterval(() => this.#measure(), MEASURE_EVERY).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #measure(): void {
    const { proc, pods, budget, problems } = this.#options;
    const own = statOf(proc, 'self');
    if (!own) return;
    let total = own.cpu + own.waitedFor;
    const loads = new Map<string, Load>();
    const interfaces = new Map<string, InterfaceCapture>();
    for (const { pod, gone, interfaces: all } of pods())
      for (const observed of all) {
        const cpu = observed.source?.cpu;
        total += cpu ?? 0;
        if (gone || observed.isRetired) continue;
        const key = `${pod.cgroupUid} ${observed.name}`;
        const paused = observed.state === 'paused';
        loads.set(key, { cpu, paused, packets: packetsOf(observed) });
        interfaces.set(key, observed);
      }
    const measurement = { now: performance.now(), self: own.cpu, total, pods: loads };
    const { pause, resume } = this.#budget.decide(measurement);
    if (this.#budget.isTooSmall) {
      problems.report(TOO_SMALL, CONDITIONS.budgetTooSmall, { budget });
    } else problems.resolve(TOO_SMALL);
    for (const key of pause) interfaces.get(key)?.pause();
    for (const key of resume) interfaces.get(key)?.resume();
  }
}

function packetsOf(observed: InterfaceCapture): number | undefined {
  const counters = observed.counters();
  return counters && counters.sentPackets + counters.receivedPackets;
}
