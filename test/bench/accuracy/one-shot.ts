import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { slotBytes } from '../../../lib/iftop/units.ts';
import type { Pod } from '../../lab/lab.ts';
import { kernelBytes } from './kernel.ts';

const SECONDS = 10;
const IFTOP = `exec iftop -t -s ${SECONDS} -n -N -L 1000 -c /dev/null -i eth0 2>/dev/null`;
/** A rate of the column `last 10s`. */
const RATE = / (?:=>|<=) +\S+ +(\S+)/;
/** Of the rates that `slotBytes` takes for those of a slot. */
const SLOT_SECONDS = 2;

/** Bytes by one method, and by the kernel's counters over the time that it was looking. */
export interface Measured {
  readonly bytes: number;
  readonly kernel: number;
}

/** Looks at a pod for ten seconds again and again, until the signal; what is under way then is left out. */
export async function oneShots(pod: Pod, signal: AbortSignal): Promise<Measured> {
  const kernel = kernelBytes(pod);
  let measured: Measured = { bytes: 0, kernel: 0 };
  while (!signal.aborted) {
    const child = pod.sandbox.run(['sh', '-c', IFTOP]);
    const stop = () => child.kill('SIGKILL');
    signal.addEventListener('abort', stop);
    const closed = once(child, 'close');
    const output = child.stdout ? await text(child.stdout) : '';
    const [code] = await closed;
    signal.removeEventListener('abort', stop);
    if (signal.aborted) break;
    if (code !== 0) throw new Error(`iftop ended with ${code}`);
    const bytes = bytesASecond(output) * SECONDS;
    measured = { bytes: measured.bytes + bytes, kernel: kernel() };
  }
  return measured;
}

/** All rates of both directions together. */
export function bytesASecond(output: string): number {
  const rates = output.split('\n').map((line) => RATE.exec(line)?.[1] ?? '0b');
  return rates.reduce((sum, rate) => sum + (slotBytes(rate)?.bytes ?? NaN) / SLOT_SECONDS, 0);
}
