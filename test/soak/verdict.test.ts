import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reconciliation } from './reconciliation.ts';
import type { Gauges, Rests } from './gauges.ts';
import type { Sums } from './sums.ts';
import { complaints } from './verdict.ts';

const CALM: Gauges = {
  heap: 40e6,
  memory: 116e6,
  capturesMemory: 60e6,
  descriptors: 334,
  namespaces: 0,
  threads: 12,
  maps: 334,
  children: 60,
  zombies: 0,
  spool: 1000,
};
const MOST: Gauges = {
  ...CALM,
  heap: NaN,
  memory: 198e6,
  descriptors: 414,
  children: 76,
  maps: 613,
};
const RESIDENTS = sums(60, 4_485_000_000, 4_471_000_000, { farthest: 1128 });
const GUESTS = sums(482, 66_000_000, 65_000_000, { farthest: 6970 });
const LATE = sums(300, 40_000_000, 20_000_000, { farthest: 6000 });
const UNREPORTED = sums(500, 70_000_000, 60_000_000, { farthest: 204_257 });
const RECONCILIATION: Reconciliation = {
  residents: RESIDENTS,
  guests: GUESTS,
  late: LATE,
  unreported: UNREPORTED,
  unknown: 1_800_000,
  wrong: [],
  gaps: [],
  unbalanced: [],
  rowsLost: 0,
};

/** Sums that agree, but for these changes. */
function sums(pods: number, bytes: number, attributed: number, more: Partial<Sums> = {}): Sums {
  const missing = { uncaptured: 1000, overload: 0, paused: 0, other: bytes - attributed - 1000 };
  const pod = { farthest: 0, poorest: 0.9 };
  return { pods, kernel: bytes, counted: bytes, attributed, ...missing, ...pod, ...more };
}

interface Changes {
  readonly rests?: Partial<Rests>;
  readonly most?: Partial<Gauges>;
  readonly reconciliation?: Partial<Reconciliation>;
}

function complain({ rests, most, reconciliation }: Changes): string[] {
  return complaints({
    rests: { start: CALM, middle: CALM, end: CALM, ...rests },
    most: { ...MOST, ...most },
    reconciliation: { ...RECONCILIATION, ...reconciliation },
  });
}

test('there is nothing to complain about when nothing has grown and the rows agree', () => {
  assert.deepEqual(complain({}), []);
});

const unreported = sums(500, 70_000_000, 0, { counted: 0, uncaptured: 0, other: 0, farthest: 3e5 });

test('guests of whom the daemon could not hear need not be in the rows', () => {
  assert.deepEqual(complain({ reconciliation: { unreported } }), []);
});

const cases: { [title: string]: readonly [changes: Changes, complaint: RegExp] } = {
  'a resident that is off, though the sum is right': [
    { reconciliation: { residents: { ...RESIDENTS, farthest: 5_000_000 } } },
    /rows of a resident are 5000000 bytes off/,
  ],
  'a guest reported late that is off': [
    { reconciliation: { late: { ...LATE, farthest: 80_000 } } },
    /rows of a guest reported late are 80000 bytes off/,
  ],
  'a guest that is off': [
    { reconciliation: { guests: { ...GUESTS, farthest: 80_000 } } },
    /rows of a guest are 80000 bytes off/,
  ],
  'a resident without peers among many that have them': [
    { reconciliation: { residents: { ...RESIDENTS, poorest: 0 } } },
    /of a resident only 0 is attributed/,
  ],
  'residents without peers': [
    { reconciliation: { residents: sums(60, 4_485_000_000, 4_300_000_000) } },
    /of 4485000000 bytes of residents 4300000000 are attributed/,
  ],
  'guests without peers': [
    { reconciliation: { guests: sums(482, 66_000_000, 30_000_000) } },
    /of 66000000 bytes of guests 30000000 are attributed/,
  ],
  'residents that are off': [
    { reconciliation: { residents: { ...RESIDENTS, kernel: 4_500_000_000 } } },
    /rows of residents are -0.33 % off/,
  ],
  'peers that are unknown': [
    { reconciliation: { unknown: 400_000_000 } },
    /the peers of 400000000 bytes are unknown/,
  ],
  'a name that is wrong': [
    { reconciliation: { wrong: ['a b'] } },
    /1 names are wrong, such as a b/,
  ],
  'a window that is missing': [{ reconciliation: { gaps: ['a 1'] } }, /1 windows are missing/],
  'a row that is lost': [{ reconciliation: { rowsLost: 1 } }, /rows are lost: 1/],
  'a row that does not add up': [
    { reconciliation: { unbalanced: ['guests/guest-1'] } },
    /1 rows do not add up, such as guests\/guest-1/,
  ],
  'memory that has grown since the start, a little in each half': [
    { rests: { middle: { ...CALM, memory: 156e6 }, end: { ...CALM, memory: 180e6 } } },
    /^memory .* \(end\)/,
  ],
  'a heap that has grown in the second half': [
    { rests: { end: { ...CALM, heap: 42e6 } } },
    /^live heap.* \(end\)/,
  ],
  'a heap that has grown since the start, a little in each half': [
    { rests: { middle: { ...CALM, heap: 49.5e6 }, end: { ...CALM, heap: 50.5e6 } } },
    /^live heap.* \(end\)/,
  ],
  'memory that has grown in the second half': [
    { rests: { end: { ...CALM, memory: 150e6 } } },
    /^memory .* \(end\)/,
  ],
  'what was held in the middle only': [
    { rests: { middle: { ...CALM, namespaces: 1 } } },
    /^network namespaces.* \(middle\)/,
  ],
};
for (const [who, key, all] of [
  ['residents', 'residents', RESIDENTS],
  ['guests', 'guests', GUESTS],
  ['guests reported late', 'late', LATE],
  ['unreported guests', 'unreported', UNREPORTED],
] as const) {
  const off = (changes: Sums, complaint: string): (typeof cases)[string] => [
    { reconciliation: { [key]: changes } },
    new RegExp(complaint),
  ];
  const { pods, kernel } = all;
  cases[`${who} that have more than there was`] = off(
    { ...all, kernel: 0.9 * kernel },
    `rows of ${who} are 11.11 % off`,
  );
  cases[`peers of ${who} that have more than passed`] = off(
    sums(pods, kernel, 2 * kernel),
    `of ${kernel} bytes of ${who} ${2 * kernel} are attributed`,
  );
  cases[`${who} whose bytes are neither attributed nor missing`] = off(
    { ...all, uncaptured: 0 },
    `1000 bytes of ${who} are not accounted for`,
  );
}
for (const [name, value] of Object.entries({
  capturesMemory: 90e6,
  descriptors: 340,
  namespaces: 1,
  threads: 14,
  maps: 600,
  children: 61,
  zombies: 1,
  spool: 300e3,
}))
  cases[`more ${name} at the end`] = [{ rests: { end: { ...CALM, [name]: value } } }, /\(end\)/];

for (const [name, value] of Object.entries({
  memory: 400e6,
  capturesMemory: 240e6,
  descriptors: 600,
  namespaces: 5,
  threads: 20,
  children: 100,
  zombies: 50,
}))
  cases[`more ${name} in between than the guests account for`] = [
    { most: { [name]: value } },
    /in between/,
  ];

for (const [title, [changes, complaint]] of Object.entries(cases))
  test(`there is a complaint about ${title}`, () => {
    const [only = '', ...more] = complain(changes);
    assert.match(only, complaint);
    assert.deepEqual(more, []);
  });
