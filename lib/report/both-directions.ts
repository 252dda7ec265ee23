import type { Bytes } from '../model.ts';

/** Bytes of both directions together. */
export function bothDirections({ sent, received }: Bytes): number {
  return sent + received;
}
