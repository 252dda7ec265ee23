import { between } from '../../../lib/linux/interface-counters.ts';
import type { Pod } from '../../lab/lab.ts';

/** Begins to count the IP bytes of a pod, sent and received, by the kernel's counters. */
export function kernelBytes({ sandbox }: Pod): () => number {
  const before = sandbox.counters();
  return () => {
    const { sent, received } = between(before, sandbox.counters());
    return sent + received;
  };
}
