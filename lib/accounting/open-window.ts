import type { Bytes, Counters, Directions, KernelBytes, Pair, Window } from '../model.ts';
import { each, NOTHING } from '../bytes.ts';

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

/** The next window; it begins as the conditions are now. */
export function openWindow(
  start: number,
  conditions: Pick<OpenWindow, 'overloaded' | 'miscounted' | 'paused'>,
): OpenWindow {
  return {
    start,
    end: undefined,
    counters: undefined,
    isPast: false,
    kernel: undefined,
    pairs: new Map(),
    rest: NOTHING,
    uncaptured: NOTHING,
    ...conditions,
  };
}

/** Adds a share of a slot's bytes to a window. */
export function addShare(
  window: OpenWindow,
  pairs: readonly Pair[],
  rest: Bytes,
  share: Bytes,
): void {
  window.rest = each((of) => window.rest[of] + rest[of] * share[of]);
  if (share.sent + share.received === 0) return;
  for (const pair of pairs) {
    const key = `${pair.local} ${pair.remote} ${pair.port ?? ''}`;
    const [sent, received] = [pair.sent * share.sent, pair.received * share.received];
    const known = window.pairs.get(key);
    if (!known) {
      window.pairs.set(key, { ...pair, sent, received });
      continue;
    }
    known.from = Math.min(known.from, pair.from);
    known.to = Math.max(known.to, pair.to);
    known.sent += sent;
    known.received += received;
  }
}

export function windowOf(window: OpenWindow, end: number): Window {
  const { counters: _, isPast: __, pairs, ...rest } = window;
  return { ...rest, end, pairs: [...pairs.values()] };
}
