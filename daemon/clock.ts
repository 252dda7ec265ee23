import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The ends of the windows, which are multiples of `interval` on the wall clock, each when it has
 * come. A clock that is set back does not bring one twice; one that leaps ahead skips some.
 */
export async function* boundaries(interval: number, signal: AbortSignal): AsyncGenerator<number> {
  let last = Date.now();
  while (!signal.aborted) {
    const next = Math.floor(Math.max(last, Date.now()) / interval + 1) * interval;
    // In steps, since a timer does not notice that the clock has been set.
    while (Date.now() < next && !signal.aborted) {
      await sleep(Math.min(1000, next - Date.now()), undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    last = next;
    yield next;
  }
}
