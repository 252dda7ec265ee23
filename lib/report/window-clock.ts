import { setTimeout as sleep } from 'node:timers/promises';

const SECOND = 1000;

/**
 * Yields the ends of the windows, multiples of `interval` (milliseconds) on the wall clock, when each has come.
 * After the clock was set back by less than a window no end comes twice. After more than that windows follow the
 * new time, as after a restart: rows of that time that are there already are overwritten. A clock that is
 * set ahead skips windows.
 *
 * `tick` is called about once a second: what is done every second is done in one wake-up of the process.
 */
export async function* boundaries(
  interval: number,
  signal: AbortSignal,
  tick = () => {},
): AsyncGenerator<number> {
  const after = (time: number) => Math.floor(time / interval + 1) * interval;
  let latest = Date.now();
  let next = after(latest);
  while (!signal.aborted) {
    const now = Date.now();
    if (now < latest - interval) [latest, next] = [now, after(now)];
    latest = Math.max(latest, now);
    if (now < next) {
      // In steps, since a timer does not notice that the clock is set.
      const step = Math.min(SECOND - (now % SECOND), next - now);
      await sleep(step, undefined, { signal }).then(tick, () => {});
    } else {
      yield next;
      next = after(Math.max(next, Date.now()));
    }
  }
}
