import { pino } from 'pino';
import type { Log } from '../lib/model.ts';
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

/** The same trouble said once and then only counted, until it is over. */
export class Troubles {
  readonly #log: Log;
  readonly #counts = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** `subject` and `what` tell one trouble from another. */
  say(subject: string, what: string, fields: object): void {
    const key = `${subject}\n${what}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count === 1) this.#log.warn(fields, what);
  }

  /** All troubles of a subject are over, or the subject is. */
  over(subject: string): void {
    for (const key of this.#counts.keys()) {
      if (key.startsWith(`${subject}\n`)) this.#counts.delete(key);
    }
  }
}
