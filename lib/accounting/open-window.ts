import type { Bytes, Counters, Directions, KernelBytes, Pair } from '../model.ts';

/** A pair while it grows: most of what is counted ends up here, so nothing is made anew for it. */
type Growing = { -readonly [field in keyof Pair]: Pair[field] };

/** A window that bytes are still put into. */
export interface OpenWindow {
  readonly start: number;
  /** Undefined for the window that is still running. */
  end: number | undefined;
  /** The counters when it ended. */
  counters: Counters | undefined;
  /** The interface has been replaced since it ended: what is counted now says nothing of it. */
  isPast: boolean;
  kernel: KernelBytes | undefined;
  readonly pairs: Map<string, Growing>;
  rest: Bytes;
  miscounted: Directions;
  uncaptured: Bytes;
  overloaded: boolean;
  /** What passed while its capture was paused; undefined if it was not. */
  paused: Bytes | undefined;
}

export const NOTHING: Bytes = { sent: 0, received: 0 };

/** What holds for the next window at the end of one. */
interface Going {
  readonly overloaded: boolean;
  readonly paused: boolean;
  readonly miscounted: Directions;
}

export function openWindow(start: number, { overloaded, paused, miscounted }: Going): OpenWindow {
  return {
    start,
    end: undefined,
    counters: undefined,
    isPast: false,
    kernel: undefined,
    pairs: new Map(),
    rest: NOTHING,
    miscounted,
    uncaptured: NOTHING,
    overloaded,
    paused: paused ? NOTHING : undefined,
  };
}

/** Puts a share of a slot's bytes into a window. */
export function addShare(
  window: OpenWindow,
  pairs: readonly Pair[],
  rest: Bytes,
  share: Bytes,
): void {
  window.rest = plus(window.rest, times(rest, share));
  if (share.sent + share.received === 0) return;
  for (const pair of pairs) {
    const key = `${pair.local} ${pair.remote}`;
    const known = window.pairs.get(key);
    if (!known) {
      window.pairs.set(key, { ...pair, ...times(pair, share) });
      continue;
    }
    known.from = Math.min(known.from, pair.from);
    known.to = Math.max(known.to, pair.to);
    known.sent += pair.sent * share.sent;
    known.received += pair.received * share.received;
  }
}

export function either(a: Directions, b: Directions): Directions {
  return { sent: a.sent || b.sent, received: a.received || b.received };
}

export function plus(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}

function times(a: Bytes, b: Bytes): Bytes {
  return { sent: a.sent * b.sent, received: a.received * b.received };
}
