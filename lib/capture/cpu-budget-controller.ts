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

/** /proc counts hundredths of a second: in less time than so many seconds a share would be noise. */
const MEASURE_EVERY = 4;

/** Keeps the daemon and its captures within CPU_BUDGET: measures, and does what the budget decides. */
export class CpuBudgetController {
  readonly #options: CpuBudgetOptions;
  readonly #budget: CpuBudget<InterfaceCapture>;
  #ticks = 0;

  constructor(options: CpuBudgetOptions) {
    this.#options = options;
    this.#budget = new CpuBudget(options.budget);
  }

  /** To be called every second. */
  tick(): void {
    this.#ticks += 1;
    const isDue = this.#ticks % MEASURE_EVERY === 0;
    if (isDue && Number.isFinite(this.#options.budget)) this.#measure();
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
