import { pino } from 'pino';
import type { Log, ProblemLog } from '../lib/model.ts';
import type { LogLevel } from './config.ts';

/** JSON lines on a descriptor: 1 is stdout. Written at once, so that the last words are not lost. */
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

/** A trouble that lasts is said again this often, in milliseconds. */
const AGAIN = 3_600_000;
/** One that comes back before it has been away so long was not over. */
const SETTLED = 60_000;
/** No more are kept: without the oldest, that one would be said once more. */
const MOST = 1000;

interface Trouble {
  readonly what: string;
  readonly fields: object;
  readonly since: number;
  said: number;
  times: number;
  ending?: NodeJS.Timeout | undefined;
}

/**
 * A trouble is said when it comes (warn), once an hour while it lasts, and when it has been over for a
 * minute (info). In between it is counted: `times` and `since` are in every line but the first.
 */
export class Problems implements ProblemLog {
  readonly #log: Log;
  readonly #problems = new Map<string, Trouble>();

  constructor(log: Log) {
    this.#log = log;
  }

  report(subject: string, what: string, fields: object): void {
    const now = Date.now();
    const key = `${subject}\n${what}`;
    const known = this.#problems.get(key);
    if (!known) {
      this.#log.warn(fields, what);
      this.#problems.set(key, { what, fields, since: now, said: now, times: 1 });
      const [oldest] = this.#problems;
      if (oldest && this.#problems.size > MOST) this.#drop(...oldest);
      return;
    }
    known.times += 1;
    clearTimeout(known.ending);
    known.ending = undefined;
    if (now - known.said < AGAIN) return;
    known.said = now;
    this.#log.warn({ ...fields, ...history(known) }, what);
  }

  resolve(subject: string): void {
    for (const [key, trouble] of this.#problems) {
      if (!key.startsWith(`${subject}\n`)) continue;
      trouble.ending ??= setTimeout(() => {
        this.#drop(key, trouble);
        const { fields, what } = trouble;
        this.#log.info({ ...fields, trouble: what, ...history(trouble) }, 'a trouble is over');
      }, SETTLED).unref();
    }
  }

  #drop(key: string, { ending }: Trouble): void {
    clearTimeout(ending);
    this.#problems.delete(key);
  }
}

function history({ times, since }: Trouble): { times: number; since: string } {
  return { times, since: new Date(since).toISOString() };
}
