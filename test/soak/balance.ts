import type { Reconciliation } from './reconciliation.ts';
import type { Sums } from './sums.ts';

interface Group {
  readonly key: 'residents' | 'guests' | 'late' | 'unreported';
  readonly name: string;
  /** How far the sums of the rows may be from the kernel's counters, as a part of them. */
  readonly part: number;
  /** Bytes by which one pod may be off in one direction. */
  readonly farthest: number;
  /** The least part of the counted bytes that must have peers. */
  readonly attributed: number;
}

/**
 * A resident is idle before the daemon knows it and at its end: the kernel itself sends 1128 bytes on a new interface,
 * also in half an hour of 75 MB each. Captures of residents are killed now and then.
 *
 * A guest lives 4 to 14 s. The last 0.2 s of it are not counted: up to 9 kB were measured. It sends at most 20 kB a
 * second in the mean, and a busy machine may read its counters two seconds late. What a guest sends before its capture
 * runs has no peers, nor has what every other guest sends in its last second: 1.5 % in half an hour, a fifth where
 * captures begin a second late.
 */
const GROUPS: readonly Group[] = [
  { key: 'residents', name: 'residents', part: 0.002, farthest: 20_000, attributed: 0.97 },
  { key: 'guests', name: 'guests', part: 0.03, farthest: 50_000, attributed: 0.6 },
  // What passed before they were reported was not captured.
  { key: 'late', name: 'guests reported late', part: 0.03, farthest: 50_000, attributed: 0 },
  // These need not have rows, but no more bytes than they had.
  { key: 'unreported', name: 'unreported guests', part: 0.03, farthest: Infinity, attributed: 0 },
];
/** And bytes of each pod: before the daemon knows the pod, and in the pod's last moment. */
const EDGE = 2500;
/** The least attributed part of each resident by itself: a killed capture costs three seconds. */
const POOREST = 0.5;
/** The part of attributed bytes whose peers may be unknown, beside the bytes of guests that are not reported in time. */
const UNKNOWN = 0.05;

/** Where the rows do not agree with the kernel, with what was sent, or with themselves. */
export function imbalances(reconciliation: Reconciliation): string[] {
  const { residents, guests, late, unreported, unknown, wrong, gaps, unbalanced, rowsLost } =
    reconciliation;
  const total = residents.attributed + guests.attributed + late.attributed;
  return [
    ...GROUPS.flatMap((group) => imbalancesOf(group, reconciliation[group.key])),
    ...(residents.poorest < POOREST
      ? [`of a resident only ${residents.poorest} is attributed`]
      : []),
    ...(unknown > UNKNOWN * total + late.kernel + unreported.kernel
      ? [`the peers of ${unknown} bytes are unknown`]
      : []),
    ...some('names are wrong', wrong),
    ...some('windows are missing', gaps),
    ...some('rows do not add up', unbalanced),
    ...(rowsLost === 0 ? [] : [`rows are lost: ${rowsLost}`]),
  ];
}

function imbalancesOf({ key, name, part, ...group }: Group, sums: Sums): string[] {
  const { pods, kernel, counted, attributed, uncaptured, overload, paused, other } = sums;
  const [apart, edges] = [counted - kernel, EDGE * pods];
  const least = key === 'unreported' ? -Infinity : -part * kernel - edges;
  const percent = ((100 * apart) / kernel).toFixed(2);
  const most = counted * (1 + part) + edges;
  // Where rounding gives the peers more than the kernel has, the missing part is 0, not less.
  const unaccounted = counted - attributed - uncaptured - overload - paused - other;
  return [
    ...(apart < least || apart > part * kernel + edges
      ? [`rows of ${name} are ${percent} % off the kernel's counters`]
      : []),
    // Finds one pod among many, and pods that are off in opposite directions, which the sum hides.
    ...(sums.farthest > group.farthest
      ? [`rows of one of the ${name} are ${sums.farthest} bytes off the kernel's counters`]
      : []),
    ...(attributed < group.attributed * counted || attributed > most
      ? [`of ${counted} bytes of ${name} ${attributed} are attributed`]
      : []),
    ...(unaccounted > 0 ? [`${unaccounted} bytes of ${name} are not accounted for`] : []),
  ];
}

function some(what: string, cases: readonly string[]): string[] {
  return cases.length > 0
    ? [`${cases.length} ${what}, such as ${cases.slice(0, 3).join('; ')}`]
    : [];
}
