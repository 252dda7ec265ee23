import type { Bytes, Missing, Window } from '../model.ts';

/** What the kernel has and the rows have not: the parts add up to it, or to nothing if they have more. */
export function missing(
  { kernel, uncaptured, overloaded }: Pick<Window, 'kernel' | 'uncaptured' | 'overloaded'>,
  attributed: Bytes,
): Missing {
  const counted = kernel ? kernel.sent + kernel.received : 0;
  const all = Math.max(0, counted - attributed.sent - attributed.received);
  if (overloaded) return { uncaptured: 0, overload: all, other: 0 };
  const gap = Math.min(all, uncaptured);
  return { uncaptured: gap, overload: 0, other: all - gap };
}
