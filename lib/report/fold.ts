import { plus } from '../bytes.ts';
import { sum } from '../linux/interface-counters.ts';
import type { Bytes, Edge, LocalPod, Missing, Traffic } from '../model.ts';
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
export function foldByWorkload(traffic: readonly AllTraffic[]): AllTraffic[] {
  const folded = new Map<string, AllTraffic>();
  for (const one of traffic) {
    const pod: LocalPod = { ...one.pod, name: ANY_POD, ips: [] };
    const key = ownerOf({ ...one, pod });
    const other = folded.get(key);
    folded.set(key, other ? add(other, one) : { ...one, pod });
  }
  return [...folded.values()];
}

/** What the rows of some traffic belong to: with the same key they have the same tags. */
export function ownerOf({ pod, iface }: Pick<Traffic, 'pod' | 'iface'>): string {
  const { namespace, name, workload, labels = {} } = pod;
  const values = Object.entries(labels).map((label) => label.join('='));
  return [namespace, name, workload, iface, ...values.toSorted()].join('\n');
}

function add(a: AllTraffic, b: AllTraffic): AllTraffic {
  return {
    ...a,
    edges: addEdges(a.edges, b.edges),
    rest: plus(a.rest, b.rest),
    attributed: plus(a.attributed, b.attributed),
    kernel: a.kernel && b.kernel ? sum(a.kernel, b.kernel) : (a.kernel ?? b.kernel),
    uncounted: plus(a.uncounted, b.uncounted),
    missing: addMissing(a.missing, b.missing),
    overloaded: a.overloaded || b.overloaded,
    paused: a.paused || b.paused,
  };
}

function addEdges(a: readonly Edge[], b: readonly Edge[]): Edge[] {
  const edges = new Map(a.map((edge) => [keyOf(edge), edge]));
  for (const edge of b) {
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
