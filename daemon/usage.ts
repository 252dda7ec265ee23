import { statOf } from '../lib/netns/stat.ts';

export interface Usage {
  /** CPU time used so far by us and by all children, ended ones included, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory of us and our live children; pages that they share count more than once. */
  readonly rssBytes: number;
}

/** What the daemon and its children cost the node. */
export function usage(proc: string, children: Iterable<number>): Usage {
  const own = statOf(proc, 'self');
  let cpuSeconds = (own?.cpu ?? 0) + (own?.waitedFor ?? 0);
  let rssBytes = own?.rssBytes ?? 0;
  for (const pid of children) {
    const child = statOf(proc, pid);
    cpuSeconds += child?.cpu ?? 0;
    rssBytes += child?.rssBytes ?? 0;
  }
  return { cpuSeconds, rssBytes };
}
