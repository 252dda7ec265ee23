import type { Bytes, Missing, Traffic, Window } from '../model.ts';
import { DIRECTIONS, each, NOTHING } from '../bytes.ts';

/**
 * The bytes that the kernel counted and no row has. Each direction is taken by itself, so that a surplus of one does not hide
 * what is missing in the other: the parts add up to what is missing, or to 0 if the rows have more.
 */
export function missing(
  window: Pick<Window, 'kernel' | 'uncaptured' | 'overloaded' | 'paused'>,
  attributed: Bytes,
): Missing {
  const sum = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
  const { kernel, uncaptured, overloaded, paused = NOTHING } = window;
  for (const direction of DIRECTIONS) {
    const all = Math.max(0, (kernel?.[direction] ?? 0) - attributed[direction]);
    // Whole bytes, so that the parts add up as they are written.
    const pause = Math.min(all, Math.round(paused[direction]));
    const gap = overloaded ? 0 : Math.min(all - pause, Math.round(uncaptured[direction]));
    sum.paused += pause;
    sum.uncaptured += gap;
    sum[overloaded ? 'overload' : 'other'] += all - pause - gap;
  }
  return sum;
}

/**
 * The bytes that rows have and the kernel did not count, where its counters are known to miss bytes. Elsewhere a surplus is
 * an error of measurement, and the counters are right.
 */
export function uncounted(
  { kernel, miscounted }: Pick<Window, 'kernel' | 'miscounted'>,
  attributed: Bytes,
): Traffic['uncounted'] {
  return each((of) => (kernel && miscounted[of] ? Math.max(0, attributed[of] - kernel[of]) : 0));
}
