import type { Bytes, Missing, Traffic, Window } from '../model.ts';
import { NOTHING } from './open-window.ts';

const DIRECTIONS = ['sent', 'received'] as const;

/**
 * What the kernel has and the rows have not. Each direction is by itself, so that no surplus of one
 * hides what the other misses: its parts add up to what is missing, or to nothing if the rows have more.
 */
export function missing(
  window: Pick<Window, 'kernel' | 'uncaptured' | 'overloaded' | 'paused'>,
  attributed: Bytes,
): Missing {
  const sum = { uncaptured: 0, overload: 0, paused: 0, other: 0 };
  const { kernel, uncaptured, overloaded, paused = NOTHING } = window;
  for (const direction of DIRECTIONS) {
    const all = Math.max(0, (kernel?.[direction] ?? 0) - attributed[direction]);
    // Whole bytes, so that the parts still add up where each is written by itself.
    const pause = Math.min(all, Math.round(paused[direction]));
    const gap = overloaded ? 0 : Math.min(all - pause, Math.round(uncaptured[direction]));
    sum.paused += pause;
    sum.uncaptured += gap;
    sum[overloaded ? 'overload' : 'other'] += all - pause - gap;
  }
  return sum;
}

/**
 * What the rows have and the counters have not, where these have been found not to count all. Else a
 * surplus is measuring error, and the counters are right.
 */
export function uncounted(
  { kernel, miscounted }: Pick<Window, 'kernel' | 'miscounted'>,
  attributed: Bytes,
): Traffic['uncounted'] {
  const surplus = (direction: keyof Bytes) =>
    kernel && miscounted[direction] ? Math.max(0, attributed[direction] - kernel[direction]) : 0;
  return { sent: surplus('sent'), received: surplus('received') };
}
