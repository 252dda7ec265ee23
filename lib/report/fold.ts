import { plus } from '../bytes.ts';
import { labelOf, type PodLabel } from '../influx/line-protocol.ts';
import { sum } from '../linux/interface-counters.ts';
import type { Bytes, Edge, Missing, Traffic } from '../model.ts';
import { keyOf } from '../naming/attribute.ts';

/** The traffic of a window before its edges are limited. */
export interface AllTraffic extends Traffic {
  /** What belongs to none of the edges, in whole bytes; `attributed` has it too. */
  readonly rest: Bytes;
}

/** What a row names the pods of a workload by. */
const ANY_POD = '-';

/**
 * Makes one of the pods of a workload, for each interface. Pods whose labels differ stay apart: their rows have different
 * tags. Every sum is as it was.
 */
export function foldByWorkload(
  traffic: readonly AllTraffic[],
  podLabels: readonly PodLabel[],
): AllTraffic[] {
  const nameless = traffic.map((one) => ({ ...one, pod: { ...one.pod, name: ANY_POD, ips: [] } }));
  const folded = Map.groupBy(nameless, (one) => ownerOf(one, podLabels));
  return [...folded.values()].map(together);
}

/** What the rows of some traffic belong to: with the same key they have the same tags. */
export function ownerOf(
  { pod, iface }: Pick<Traffic, 'pod' | 'iface'>,
  podLabels: readonly PodLabel[],
): string {
  const { namespace, name, workload } = pod;
  // Windows of an earlier process may have labels that are no tags any more.
  const labels = podLabels.map(({ key }) => labelOf(pod, key));
  return [namespace, name, workload, iface, ...labels].join('\n');
}

function together(all: readonly AllTraffic[]): AllTraffic {
  return {
    ...all.reduce(add),
    edges: addEdges(all.flatMap(({ edges }) => edges)),
  };
}

/** All but the edges, which would be gone through again for each pod. */
function add(a: AllTraffic, b: AllTraffic): AllTraffic {
  return {
    ...a,
    rest: plus(a.rest, b.rest),
    attributed: plus(a.attributed, b.attributed),
    kernel: a.kernel && b.kernel ? sum(a.kernel, b.kernel) : (a.kernel ?? b.kernel),
    uncounted: plus(a.uncounted, b.uncounted),
    missing: addMissing(a.missing, b.missing),
    overloaded: a.overloaded || b.overloaded,
    paused: a.paused || b.paused,
  };
}

function addEdges(all: readonly Edge[]): Edge[] {
  const edges = new Map<string, Edge>();
  for (const edge of all) {
    const key = keyOf(edge);
    const other = edges.get(key);
    edges.set(key, other ? { ...other, ...plus(other, edge) } : edge);
  }
  return [...edges.values()];
}

function addMissing(a: Missing, b: Missing): Missing {
  return {
    uncaptured: a.uncaptured + b.uncaptured,
    overload: a.overload + b.overload,
    paused: a.paused + b.paused,
    other: a.other + b.other,
  };
}
