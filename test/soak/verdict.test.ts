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
  helperDescriptors: 71,
  namespaces: 1,
  bpfPrograms: 60,
  bpfMaps: 4,
  threads: 12,
  maps: 334,
  captures: 60,
  zombies: 0,
  spool: 1000,
};
const MOST: Gauges = {
  ...CALM,
  heap: NaN,
  memory: 198e6,
  descriptors: 414,
  captures: 76,
  maps: 613,
};
const UNREPORTED = sums(500, 70_000_000, 60_000_000, { farthest: 204_257 });
const RECONCILIATION: Reconciliation = {
  residents: sums(60, 4_485_000_000, 4_471_000_000, { farthest: 1128 }),
  guests: sums(482, 66_000_000, 65_000_000, { farthest: 6970 }),
  late: sums(300, 40_000_000, 20_000_000, { farthest: 6000 }),
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

const { residents, guests, late } = RECONCILIATION;
const cases: [title: string, complaint: RegExp, changes: Partial<Reconciliation>][] = [
  [
    'less than there was',
    /residents are -0.33 % off/,
    { residents: { ...residents, kernel: 45e8 } },
  ],
  ['a resident without peers', /a resident only 0 /, { residents: { ...residents, poorest: 0 } }],
  ['few peers', /of residents 4200000 are/, { residents: sums(60, 44e5, 42e5) }],
  ['few peers of guests', /of guests 30000000 are/, { guests: sums(482, 66e6, 30e6) }],
  ['peers that are unknown', /the peers of 400000000 bytes/, { unknown: 4e8 }],
  ['a name that is wrong', /1 names are wrong, such as a b/, { wrong: ['a b'] }],
  ['a window that is missing', /1 windows are missing/, { gaps: ['a 1'] }],
  ['a row that is lost', /rows are lost: 1/, { rowsLost: 1 }],
  ['a row that does not add up', /1 rows do not .* guests\/a/, { unbalanced: ['guests/a'] }],
];
for (const [key, all] of Object.entries({ residents, guests, late }))
  cases.push([
    `one of the ${key} that is off`,
    /80000 bytes off/,
    { [key]: { ...all, farthest: 8e4 } },
  ]);
for (const [key, all] of Object.entries({ residents, guests, late, unreported: UNREPORTED })) {
  const { pods, kernel } = all;
  cases.push(
    [
      `more bytes of ${key} than there were`,
      /are 11.11 % off/,
      { [key]: { ...all, kernel: 0.9 * kernel } },
    ],
    [
      `more bytes of ${key} with peers than passed`,
      /are attributed/,
      { [key]: sums(pods, kernel, 2 * kernel) },
    ],
    [
      `bytes of ${key} that are in no part`,
      /1000 bytes of .* not accounted/,
      { [key]: { ...all, uncaptured: 0 } },
    ],
  );
}

/** What is held at the rests, at the start, in the middle and at the end, and what the complaint says. */
const rests: [Partial<Gauges>, Partial<Gauges>, RegExp][] = [
  // A little in each half.
  [{ memory: 156e6 }, { memory: 180e6 }, /^memory .* \(end\)/],
  [{ heap: 49.5e6 }, { heap: 50.5e6 }, /^live heap.* \(end\)/],
  // In the second half.
  [{}, { heap: 42e6 }, /^live heap.* \(end\)/],
  [{}, { memory: 150e6 }, /^memory .* \(end\)/],
  [{ namespaces: 2 }, {}, /^network namespaces.* \(middle\)/],
  ...[
    { capturesMemory: 90e6 },
    { descriptors: 340 },
    { helperDescriptors: 72 },
    { namespaces: 2 },
    { bpfPrograms: 61 },
    { bpfMaps: 5 },
    { threads: 14 },
    { maps: 600 },
    { captures: 61 },
    { zombies: 1 },
    { spool: 300e3 },
  ].map((gauges): (typeof rests)[number] => [{}, gauges, /\(end\)/]),
];
const most: Partial<Gauges>[] = [
  { memory: 400e6 },
  { capturesMemory: 240e6 },
  { descriptors: 600 },
  { helperDescriptors: 200 },
  { namespaces: 6 },
  { bpfPrograms: 100 },
  { bpfMaps: 8 },
  { threads: 20 },
  { captures: 100 },
  { zombies: 50 },
];

function assertOnly(changes: Changes, complaint: RegExp): void {
  const [only = '', ...more] = complain(changes);
  assert.match(only, complaint);
  assert.deepEqual(more, []);
}

for (const [title, complaint, reconciliation] of cases)
  test(`there is a complaint about ${title}`, () => assertOnly({ reconciliation }, complaint));

for (const [middle, end, complaint] of rests)
  test(`there is a complaint about ${JSON.stringify(middle)}, then ${JSON.stringify(end)} at rest`, () =>
    assertOnly({ rests: { middle: { ...CALM, ...middle }, end: { ...CALM, ...end } } }, complaint));

for (const gauges of most)
  test(`there is a complaint about ${JSON.stringify(gauges)} in between`, () =>
    assertOnly({ most: gauges }, /in between/));
