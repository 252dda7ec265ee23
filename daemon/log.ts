import { pino } from 'pino';
import type { Condition } from '../lib/conditions.ts';
import type { Log, ProblemLog } from '../lib/model.ts';
import type { LogLevel } from './config.ts';

/** JSON lines on a descriptor: 1 is stdout. Lines are written at once, so that the last ones are not lost. */
export function createLog(level: LogLevel, descriptor: 1 | 2): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: descriptor, sync: true }),
  );
}

/** A problem that lasts is logged again this often, in milliseconds. */
const AGAIN = 3_600_000;
/** A problem that returns within so many milliseconds was not over. */
const SETTLED = 60_000;
/** The number of problems that are kept. A dropped problem is logged as new when it is reported again. */
const MOST = 1000;

interface Problem {
  readonly what: string;
  readonly fields: object;
  readonly since: number;
  logged: number;
  times: number;
  ending?: NodeJS.Timeout | undefined;
}

/**
 * Logs a problem when it comes (warn), once an hour while it lasts, and when it has been over for a minute (info). In
 * between it is counted: `times` and `since` are in every line but the first.
 */
export class Problems implements ProblemLog {
  readonly #log: Log;
  readonly #problems = new Map<string, Problem>();

  constructor(log: Log) {
    this.#log = log;
  }

  report(subject: string, { sentence: what, remedy }: Condition, given: object): void {
    const now = Date.now();
    const key = `${subject}\n${what}`;
    const known = this.#problems.get(key);
    const { fix } = given as { readonly fix?: string };
    const fields = { ...given, fix: fix ?? remedy };
    if (!known) {
      this.#log.warn(fields, what);
      this.#problems.set(key, { what, fields, since: now, logged: now, times: 1 });
      const [oldest] = this.#problems;
      if (oldest && this.#problems.size > MOST) this.#drop(...oldest);
      return;
    }
    known.times += 1;
    clearTimeout(known.ending);
    known.ending = undefined;
    if (now - known.logged < AGAIN) return;
    known.logged = now;
    this.#log.warn({ ...fields, ...history(known) }, what);
  }

  resolve(subject: string): void {
    for (const [key, problem] of this.#problems) {
      if (!key.startsWith(`${subject}\n`)) continue;
      problem.ending ??= setTimeout(() => {
        this.#drop(key, problem);
        const { fields, what } = problem;
        this.#log.info({ ...fields, problem: what, ...history(problem) }, 'a problem is over');
      }, SETTLED).unref();
    }
  }

  #drop(key: string, { ending }: Problem): void {
    clearTimeout(ending);
    this.#problems.delete(key);
  }
}

function history({ times, since }: Problem): { times: number; since: string } {
  return { times, since: new Date(since).toISOString() };
}
