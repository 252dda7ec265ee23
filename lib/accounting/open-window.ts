import type { Bytes, Counters, Directions, KernelBytes, Pair, Window } from '../model.ts';

/** A pair whose bytes are added to in place: there are too many additions to make a new object for each. */
type Growing = { -readonly [field in keyof Pair]: Pair[field] };

/** A window that bytes are still added to. */
export interface OpenWindow {
  readonly start: number;
  /** Undefined until the window has ended. */
  end: number | undefined;
  /** The counters at the end of the window. */
  counters: Counters | undefined;
  /** The interface was replaced after the window's end: later readings cannot be compared with `counters`. */
  isPast: boolean;
  kernel: KernelBytes | undefined;
  readonly pairs: Map<string, Growing>;
  rest: Bytes;
  miscounted: Directions;
  uncaptured: Bytes;
  overloaded: boolean;
  /** What passed while the capture was paused; undefined if it was not. */
  paused: Bytes | undefined;
}

export const NOTHING: Bytes = { sent: 0, received: 0 };

/** What the next window begins with. */
interface Conditions {
  readonly overloaded: boolean;
  readonly paused: boolean;
  readonly miscounted: Directions;
}

export function openWindow(
  start: number,
  { overloaded, paused, miscounted }: Conditions,
): OpenWindow {
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

/** Adds a share of a slot's bytes to a window. */
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

export function windowOf(window: OpenWindow, end: number): Window {
  const { counters: _, isPast: __, pairs, ...rest } = window;
  return { ...rest, end, pairs: [...pairs.values()] };
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
