import type { ClosedWindow, Window } from '../model.ts';
import { sum } from '../linux/interface-counters.ts';
import { each, NOTHING, plus } from '../bytes.ts';

type Closed = Pick<ClosedWindow, 'pod' | 'iface' | 'window'>;

/**
 * Merges the windows of pods that have the same name, for each interface. Otherwise the second rows of a StatefulSet's pod
 * that is deleted and made again within a window would overwrite the first ones.
 */
export function mergeByName(closed: readonly Closed[]): Closed[] {
  const merged = new Map<string, Closed>();
  for (const { pod, iface, window } of closed) {
    const key = [pod.namespace, pod.name, pod.workload, iface].join('\n');
    const other = merged.get(key);
    const ips = [...(other?.pod.ips ?? []), ...pod.ips];
    const whole = other ? merge(other.window, window) : window;
    merged.set(key, { pod: { ...pod, ips }, iface, window: whole });
  }
  return [...merged.values()];
}

/** Makes one window of two of the same time. */
function merge(a: Window, b: Window): Window {
  return {
    start: Math.min(a.start, b.start),
    end: Math.max(a.end, b.end),
    pairs: [...a.pairs, ...b.pairs],
    rest: plus(a.rest, b.rest),
    kernel: a.kernel && b.kernel ? sum(a.kernel, b.kernel) : (a.kernel ?? b.kernel),
    miscounted: each((of) => a.miscounted[of] || b.miscounted[of]),
    uncaptured: plus(a.uncaptured, b.uncaptured),
    overloaded: a.overloaded || b.overloaded,
    paused: a.paused === undefined ? b.paused : plus(a.paused, b.paused ?? NOTHING),
  };
}
