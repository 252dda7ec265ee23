import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The ends of the windows, which are multiples of `interval` on the wall clock, each when it has
 * come. A clock that is set back by less than a window does not bring one twice; after more than that
 * windows go on by the new time, as after a restart: rows of that time may be there already, and are
 * overwritten. One that leaps ahead skips some.
 */
export async function* boundaries(interval: number, signal: AbortSignal): AsyncGenerator<number> {
  const after = (time: number) => Math.floor(time / interval + 1) * interval;
  let latest = Date.now();
  let next = after(latest);
  while (!signal.aborted) {
    const now = Date.now();
    if (now < latest - interval) [latest, next] = [now, after(now)];
    latest = Math.max(latest, now);
    if (now < next) {
      // In steps, since a timer does not notice that the clock has been set.
      await sleep(Math.min(1000, next - now), undefined, { signal }).catch(() => {});
    } else {
      yield next;
      next = after(Math.max(next, Date.now()));
    }
  }
}
