import type { Reconciliation } from './reconciliation.ts';
import type { Sums } from './sums.ts';

/** How far the sums of the rows may be from the kernel's counters, as a part of them. */
const PART = { residents: 0.002, guests: 0.03 };
/** And bytes of each pod: before the daemon knows the pod, and in the pod's last moment. */
const EDGE = 2500;
/**
 * Bytes by which one pod may be off in one direction. A resident is idle before the daemon knows it and at its
 * end: the kernel itself sends 1128 bytes on a new interface, also in half an hour of 75 MB each. The last 0.2 s
 * of a guest are not counted: up to 9 kB were measured. A guest sends at most 20 kB a second in the mean, and a
 * busy machine may read its counters two seconds late.
 */
const POD = { residents: 20_000, guests: 50_000 };
/**
 * The least part of the counted bytes that must have peers. Captures of residents are killed now and then. A guest
 * lives 4 to 14 s; what it sends before its capture runs has no peers, nor has what every other guest sends in its
 * last second: 1.5 % in half an hour, a fifth where captures begin a second late.
 */
const ATTRIBUTED = { residents: 0.97, guests: 0.6 };
/** The same for each resident by itself: a killed capture costs three seconds. */
const POOREST = 0.5;
/** The part of attributed bytes whose peers may be unknown, beside the bytes of guests that are not reported in time. */
const UNKNOWN = 0.05;

/** Where the rows do not agree with the kernel, with what was sent, or with themselves. */
export function imbalances(reconciliation: Reconciliation): string[] {
  const { residents, guests, late, unreported, unknown, wrong, gaps, unbalanced, rowsLost } =
    reconciliation;
  const total = residents.attributed + guests.attributed + late.attributed;
  return [
    ...off('residents', residents, PART.residents),
    ...off('guests', guests, PART.guests),
    ...off('guests reported late', late, PART.guests),
    // A guest that was never reported need not have rows, but no more bytes than it had.
    ...(unreported.counted > unreported.kernel * (1 + PART.guests)
      ? off('unreported guests', unreported, 0)
      : []),
    ...far('resident', residents, POD.residents),
    ...far('guest', guests, POD.guests),
    ...far('guest reported late', late, POD.guests),
    ...(residents.poorest < POOREST
      ? [`of a resident only ${residents.poorest} is attributed`]
      : []),
    ...named('residents', residents, ATTRIBUTED.residents, PART.residents),
    ...named('guests', guests, ATTRIBUTED.guests, PART.guests),
    // What passed before they were reported was not captured.
    ...named('guests reported late', late, 0, PART.guests),
    ...named('unreported guests', unreported, 0, PART.guests),
    ...unaccounted('residents', residents),
    ...unaccounted('guests', guests),
    ...unaccounted('guests reported late', late),
    ...unaccounted('unreported guests', unreported),
    ...(unknown > UNKNOWN * total + late.kernel + unreported.kernel
      ? [`the peers of ${unknown} bytes are unknown`]
      : []),
    ...some('names are wrong', wrong),
    ...some('windows are missing', gaps),
    ...some('rows do not add up', unbalanced),
    ...(rowsLost === 0 ? [] : [`rows are lost: ${rowsLost}`]),
  ];
}

function off(who: string, { kernel, counted, pods }: Sums, tolerance: number): string[] {
  const apart = counted - kernel;
  if (Math.abs(apart) <= tolerance * kernel + EDGE * pods) return [];
  return [`rows of ${who} are ${((100 * apart) / kernel).toFixed(2)} % off the kernel's counters`];
}

/** Finds one pod among many, and pods that are off in opposite directions, which the sum hides. */
function far(who: string, { farthest }: Sums, allowed: number): string[] {
  return farthest > allowed
    ? [`rows of a ${who} are ${farthest} bytes off the kernel's counters`]
    : [];
}

function named(who: string, sums: Sums, least: number, more: number): string[] {
  const { counted, attributed, pods } = sums;
  const isWithin =
    attributed >= least * counted && attributed <= counted * (1 + more) + EDGE * pods;
  return isWithin ? [] : [`of ${counted} bytes of ${who} ${attributed} are attributed`];
}

/**
 * Every counted byte is attributed or missing for a reason. There may be more of these than were counted: where
 * rounding gives the peers more than the kernel has, the missing part is 0, not less.
 */
function unaccounted(who: string, sums: Sums): string[] {
  const { counted, attributed, uncaptured, overload, paused, other } = sums;
  const accounted = attributed + uncaptured + overload + paused + other;
  return accounted >= counted
    ? []
    : [`${counted - accounted} bytes of ${who} are not accounted for`];
}

function some(what: string, cases: readonly string[]): string[] {
  return cases.length > 0
    ? [`${cases.length} ${what}, such as ${cases.slice(0, 3).join('; ')}`]
    : [];
}
