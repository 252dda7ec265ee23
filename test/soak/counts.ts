import type { Pod } from '../lab/lab.ts';
import { nameOf } from './traffic.ts';

/** IP bytes of a pod by the kernel's counters. */
export interface KernelCount {
  /** `namespace/name`. */
  readonly pod: string;
  readonly sent: number;
  readonly received: number;
}

/** A pod that lived from one moment to another, in milliseconds since 1970. */
export interface Life extends KernelCount {
  readonly from: number;
  readonly to: number;
}

export function kernelCount(pod: Pod): KernelCount {
  const { sent, received } = pod.sandbox.passed();
  return { pod: nameOf(pod), sent, received };
}
