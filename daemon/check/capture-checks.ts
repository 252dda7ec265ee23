import { whyNotBpf } from '../../lib/bpf/probe.ts';
import { CONDITIONS } from '../../lib/conditions.ts';
import type { Config } from '../config.ts';
import { type Check, findingOf } from './finding.ts';
import { captureLoopback } from './loopback-capture.ts';
import { captureRemedy } from './remedies.ts';

/** Tries what CAPTURE asks for. With `auto` iftop is tried where the kernel does not let traffic be counted, and needed. */
export function captureChecks({ capture, sidecar }: Config, proc: string): Check[] {
  const byIftop = async () => {
    const bytes = await captureLoopback(proc, sidecar !== undefined);
    const entered = sidecar ? '' : 'a namespace can be entered, ';
    return `${entered}iftop runs unprivileged and counted ${bytes} bytes`;
  };
  const byKernel = async () => {
    const why = await whyNotBpf();
    if (why === undefined) return 'traffic can be counted in the kernel';
    if (capture === 'bpf') throw new Error(why);
    return `${await byIftop()}; not in the kernel: ${why}`;
  };
  const iftop: Check = {
    name: 'capture',
    explain: (error) => findingOf(CONDITIONS.captureImpossible, error, captureRemedy(error)),
    run: capture === 'iftop' ? byIftop : byKernel,
  };
  const bpf: Check = {
    name: 'capture',
    explain: (error) => findingOf(CONDITIONS.countingImpossible, error),
    run: byKernel,
  };
  return [capture === 'bpf' ? bpf : iftop];
}
