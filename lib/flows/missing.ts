import type { Bytes, Missing, Window } from '../model.ts';

/** What the kernel has and the rows have not: the parts add up to it, or to nothing if they have more. */
export function missing(
  {
    kernel,
    uncaptured,
    overloaded,
    paused = 0,
  }: Pick<Window, 'kernel' | 'uncaptured' | 'overloaded' | 'paused'>,
  attributed: Bytes,
): Missing {
  const counted = kernel ? kernel.sent + kernel.received : 0;
  const all = Math.max(0, counted - attributed.sent - attributed.received);
  const pause = Math.min(all, paused);
  const left = all - pause;
  if (overloaded) return { uncaptured: 0, overload: left, paused: pause, other: 0 };
  const gap = Math.min(left, uncaptured);
  return { uncaptured: gap, overload: 0, paused: pause, other: left - gap };
}
