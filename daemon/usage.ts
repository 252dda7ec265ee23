import { readFileSync } from 'node:fs';

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE = 4096;

export interface Usage {
  /** CPU time used so far by us and by all children, ended ones included, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory of us and our live children; pages that they share count more than once. */
  readonly rssBytes: number;
}

/** What the daemon and its children cost the node. */
export function usage(proc: string, children: Iterable<number>): Usage {
  const own = stat(proc, 'self');
  let ticks = own.cpu + own.waitedFor;
  let pages = own.pages;
  for (const pid of children) {
    const child = stat(proc, pid);
    ticks += child.cpu;
    pages += child.pages;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: pages * PAGE };
}

function stat(
  proc: string,
  pid: number | 'self',
): { cpu: number; waitedFor: number; pages: number } {
  try {
    const text = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    // proc(5): the fields behind the command's name, which may itself contain anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { cpu: user + system, waitedFor: childUser + childSystem, pages: fields[21] ?? 0 };
  } catch {
    return { cpu: 0, waitedFor: 0, pages: 0 };
  }
}
