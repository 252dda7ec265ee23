/** Milliseconds before the first attempt after a failure, and at most. */
export interface BackoffTimes {
  readonly first: number;
  readonly most: number;
}

/** Milliseconds to wait after so many earlier failures in a row: twice as long after each. */
export function backoff({ first, most }: BackoffTimes, failures: number): number {
  return Math.min(most, first * 2 ** failures);
}

/** Between half of some time and all of it, so that a thousand agents do not ask in the same instant. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() / 2);
}
