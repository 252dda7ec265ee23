import { type Gauges, LABELS, type Rests } from './gauges.ts';
import { AT_ONCE } from './guests.ts';

/** How much more may be held at a later rest than at the start. */
const SINCE_START: Gauges = {
  // Within the first minutes the daemon runs all of its code for the first time.
  heap: 10_000_000,
  // And V8 compiles it, and keeps what it may need again; what Nodes share counts less where more of them run.
  memory: 60_000_000,
  // 0.4 MB each of 60, of the 2.6 MB that one takes.
  capturesMemory: 25_000_000,
  descriptors: 4,
  helperDescriptors: 0,
  namespaces: 0,
  bpfPrograms: 0,
  bpfMaps: 0,
  threads: 1,
  maps: 200,
  captures: 0,
  zombies: 0,
  spool: 256 * 1024,
};
/** How much more at the end than in the middle, when all has been compiled. */
const SINCE_MIDDLE: Partial<Gauges> = {
  heap: 1_500_000,
  memory: 25_000_000,
};
/** Seconds that the capture of a dead pod lives on, until its last frame has come: 5, twice that on a busy machine. */
const LINGERS = 10;
/** Guests that are born, and die, in a second. */
const MORE_CAPTURES = AT_ONCE + LINGERS;
/** Descriptors of a capture that is started: stdin, stdout, stderr, its network namespace, two files of /proc. */
const DESCRIPTORS_OF_ONE = 6;
/** Garbage that V8 does not collect yet: 80 MB were measured. */
const GARBAGE = 200_000_000;

/** What was held at a rest and had not been before. */
export function growths({ start, middle, end }: Rests): string[] {
  return [
    ...above('middle', middle, start, SINCE_START),
    ...above('end', end, start, SINCE_START),
    ...above('end', end, middle, SINCE_MIDDLE),
  ];
}

/** What was held in between and is more than the guests that lived at once account for. */
export function surges(start: Gauges, most: Gauges): string[] {
  const ofOne = start.captures > 0 ? start.capturesMemory / start.captures : Infinity;
  return above('in between', most, start, {
    memory: GARBAGE,
    // Twice what one takes at rest, since what it shares with its parent and the others is shared less.
    capturesMemory: start.capturesMemory + 2 * ofOne * MORE_CAPTURES,
    // Connections to the API server, to InfluxDB and of probes, and files of the spool.
    descriptors: DESCRIPTORS_OF_ONE * MORE_CAPTURES + 20,
    // A socket of each, and the namespace of the one that is being attached.
    helperDescriptors: MORE_CAPTURES + 1,
    // Open only while a capture is started: four at a time.
    namespaces: 4,
    bpfPrograms: MORE_CAPTURES,
    bpfMaps: 0,
    // Threads of libuv's pool that had nothing to do before.
    threads: 4,
    captures: MORE_CAPTURES,
    // A child that ends while the daemon is busy waits for it.
    zombies: MORE_CAPTURES,
  });
}

function above(when: string, now: Gauges, before: Gauges, allowed: Partial<Gauges>): string[] {
  return (Object.entries(allowed) as [keyof Gauges, number][]).flatMap(([name, more]) =>
    now[name] <= before[name] + more
      ? []
      : [`${LABELS[name]}: grew from ${before[name]} to ${now[name]} (${when})`],
  );
}
