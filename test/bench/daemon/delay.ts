/**
 * Loaded into a process (--import): measures how late its timers come, from SIGUSR2 on, and writes it to the
 * file that BENCH_DELAY names when the process ends. From outside it could only be guessed.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Milliseconds from timer to timer; the histogram has what was between them, so that much is no delay. */
const EVERY = 10;

const file = process.env['BENCH_DELAY'];
if (file) {
  const histogram = monitorEventLoopDelay({ resolution: EVERY });
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - EVERY);
  histogram.enable();
  process.on('SIGUSR2', () => histogram.reset());
  process.on('SIGTERM', () => {
    // Who does not handle it by itself would end without an `exit`.
    if (process.listenerCount('SIGTERM') === 1) process.exit();
  });
  process.on('exit', () => {
    const [p50, p99] = [50, 99].map((percentile) => late(histogram.percentile(percentile)));
    writeFileSync(file, JSON.stringify({ p50, p99, max: late(histogram.max) }));
  });
}
