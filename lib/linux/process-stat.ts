import { readText } from './proc-file.ts';

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What /proc/<pid>/stat has of a process; times are in seconds. */
export interface Stat {
  /** CPU time that the process has used. */
  readonly cpu: number;
  /** CPU time of the children that have ended and were waited for. */
  readonly waitedFor: number;
  /** When the process was started, since the node was. */
  readonly started: number;
}

/** Undefined if there is no such process, or its figures are no numbers. */
export function statOf(proc: string, pid: number | 'self'): Stat | undefined {
  const text = readText(`${proc}/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** The same from the text of the file. */
export function parseStat(text: string): Stat | undefined {
  // proc(5): the fields behind the command's name, which may itself contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const number = (index: number) => Number(fields[index] ?? NaN);
  const stat = {
    cpu: (number(11) + number(12)) / TICKS_PER_SECOND,
    waitedFor: (number(13) + number(14)) / TICKS_PER_SECOND,
    started: number(19) / TICKS_PER_SECOND,
  };
  return Object.values(stat).every((figure) => figure >= 0 && figure < Infinity) ? stat : undefined;
}
