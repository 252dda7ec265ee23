import type { ProblemLog } from '../model.ts';
import { CONDITIONS } from '../conditions.ts';
import type { CpuTime } from '../linux/cpu-time.ts';
import { type CaptureCpu, CpuBudget } from './cpu-budget.ts';
import type { InterfaceCapture } from './interface-capture.ts';

export interface CpuBudgetOptions {
  readonly cpu: CpuTime;
  /** A share of one core. */
  readonly budget: number;
  /** The interfaces that are to be captured. */
  readonly captures: () => Iterable<InterfaceCapture>;
  readonly problems: ProblemLog;
}

/** /proc counts hundredths of a second: in less time than this (milliseconds) a share would be noise. */
const MEASURE_EVERY = 4000;

/** Keeps the daemon and its captures within CPU_BUDGET: measures, and does what the budget decides. */
export class CpuBudgetController {
  readonly #options: CpuBudgetOptions;
  readonly #budget: CpuBudget<InterfaceCapture>;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(options: CpuBudgetOptions) {
    this.#options = options;
    this.#budget = new CpuBudget(options.budget);
    if (!Number.isFinite(options.budget)) return;
    this.#timer = setInterval(() => this.#measure(), MEASURE_EVERY).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #measure(): void {
    const { cpu, budget, captures: all, problems } = this.#options;
    const captures = new Map<InterfaceCapture, CaptureCpu>();
    const used = cpu.read();
    for (const each of all()) {
      const own = used.living.get(each.source?.pid ?? 0);
      captures.set(each, { cpu: own, paused: each.state === 'paused' });
    }
    const { pause, resume } = this.#budget.decide(performance.now() / 1000, used, captures);
    if (this.#budget.isTooSmall) problems.report('budget', CONDITIONS.budgetTooSmall, { budget });
    else problems.resolve('budget');
    for (const capture of pause) capture.pause();
    for (const capture of resume) capture.resume();
  }
}
