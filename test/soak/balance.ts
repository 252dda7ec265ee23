import type { Reconciliation } from './reconciliation.ts';
import type { Sums } from './sums.ts';

/** How far the sums of the rows may be from the kernel's counters, as a part of these. */
const PART = { residents: 0.002, guests: 0.03 };
/** Beside that, bytes of each pod: before the daemon came to know it, and in its last moment. */
const EDGE = 2500;
/**
 * So many bytes may one pod be off in one direction. A resident is silent before the daemon knows it and at
 * its end, so there it is what the kernel itself says on a new interface: 1128 bytes, and the same after half
 * an hour of 75 MB each. What a guest sends within some 0.2 s of its end is counted by nobody: 9 kB were
 * seen. It sends 20 kB a second at most in the mean, and a busy machine may look two seconds late.
 */
const POD = { residents: 20_000, guests: 50_000 };
/**
 * So much at least of what was counted must have peers. Captures of residents are killed, now and then.
 * What a guest of 4 to 14 s says before its capture runs has none, nor, of every other one, what it says
 * in the second before it dies: 1.5 % in half an hour, a fifth where captures begin a second late.
 */
const ATTRIBUTED = { residents: 0.97, guests: 0.6 };
/** And so much of each resident, lest one among many has no peers: a killed capture costs it three seconds. */
const POOREST = 0.5;
/** Of what has peers, so much may have unknown ones; beside that, all that guests send that are not reported in time. */
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

/** Pods that are off in opposite directions are not seen in the sum, nor is a single one among many. */
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
 * What is counted is attributed or missing for a reason. There may be more: a window whose peers have more
 * than the kernel, as rounding has it, has no missing parts that are less than nothing.
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
