import { readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE = 4096;

/** What /proc/<pid>/stat tells of a process; times are in seconds. */
export interface Stat {
  /** CPU time that it has used. */
  readonly cpu: number;
  /** CPU time of its children that have ended and were waited for. */
  readonly waitedFor: number;
  /** When it was started, since the node was. */
  readonly started: number;
  readonly rssBytes: number;
}

/** Undefined if there is no such process, or its figures are none. */
export function statOf(proc: string, pid: number | 'self'): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`${proc}/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // proc(5): the fields behind the command's name, which may itself contain anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = NaN, system = NaN, childUser = NaN, childSystem = NaN] = fields.slice(11, 15);
  const stat = {
    cpu: (user + system) / TICKS_PER_SECOND,
    waitedFor: (childUser + childSystem) / TICKS_PER_SECOND,
    started: (fields[19] ?? NaN) / TICKS_PER_SECOND,
    rssBytes: (fields[21] ?? NaN) * PAGE,
  };
  return Object.values(stat).every((figure) => figure >= 0 && figure < Infinity) ? stat : undefined;
}
