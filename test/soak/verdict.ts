import type { Books, Sums } from './books.ts';
import type { Gauges } from './gauges.ts';

/** The daemon at rest, with the same pods each time. */
export interface Rests {
  readonly start: Gauges;
  readonly middle: Gauges;
  readonly end: Gauges;
}

/** So much more may be held at the end than at the start, or of memory than in the middle. */
const GROWTH: Gauges = {
  heap: 1_500_000,
  // What V8 has for a heap that it may need again, and the code that it has made by then.
  memory: 25_000_000,
  descriptors: 4,
  namespaces: 0,
  threads: 1,
  maps: 200,
  children: 0,
  zombies: 0,
  spool: 256 * 1024,
};
/** How far the rows may be from the kernel's counters, as a part of these. */
const BOOKS = {
  residents: 0.002,
  guests: 0.03,
  /** Captures are killed. */
  attributed: 0.03,
  unknown: 0.05,
};

/** Beside that, bytes of each pod: before the daemon came to know it, and in its last moment. */
const EDGE = 2500;

/** What is not as it must be; empty if all is. */
export function complaints({ start, middle, end }: Rests, books: Books): string[] {
  const names = Object.keys(GROWTH) as (keyof Gauges)[];
  const grown = names.flatMap((name) => {
    const before = (name === 'memory' || name === 'heap' ? middle : start)[name];
    const within = end[name] <= before + GROWTH[name];
    return within ? [] : [`${LABELS[name]}: grew from ${before} to ${end[name]}`];
  });
  const { residents, guests, untold, unknown, wrong, gaps, rowsLost } = books;
  const total = residents.attributed + guests.attributed;
  return [
    ...grown,
    ...off('residents', residents, BOOKS.residents),
    ...off('guests', guests, BOOKS.guests),
    ...(untold.counted > untold.kernel * (1 + BOOKS.guests) ? off('untold guests', untold, 0) : []),
    ...(residents.attributed < residents.counted * (1 - BOOKS.attributed) ||
    residents.attributed > residents.counted * (1 + BOOKS.residents)
      ? [`of ${residents.counted} bytes of residents ${residents.attributed} are attributed`]
      : []),
    ...(unknown > BOOKS.unknown * total ? [`the peers of ${unknown} bytes are unknown`] : []),
    ...some('names are wrong', wrong),
    ...some('windows are missing', gaps),
    ...(rowsLost === 0 ? [] : [`rows are lost: ${rowsLost}`]),
  ];
}

function off(who: string, { kernel, counted, pods }: Sums, tolerance: number): string[] {
  const apart = counted - kernel;
  if (Math.abs(apart) <= tolerance * kernel + EDGE * pods) return [];
  return [`rows of ${who} are ${((100 * apart) / kernel).toFixed(2)} % off the kernel's counters`];
}

function some(what: string, cases: readonly string[]): string[] {
  return cases.length > 0
    ? [`${cases.length} ${what}, such as ${cases.slice(0, 3).join('; ')}`]
    : [];
}

const LABELS: { readonly [gauge in keyof Gauges]: string } = {
  heap: 'live heap, MB',
  memory: 'memory (PSS), MB',
  descriptors: 'open descriptors',
  namespaces: 'network namespaces held open',
  threads: 'threads',
  maps: 'memory areas',
  children: 'captures',
  zombies: 'zombies',
  spool: 'spool, kB',
};
const UNITS: { readonly [gauge in keyof Gauges]?: number } = { heap: 1e6, memory: 1e6, spool: 1e3 };

const DIGITS: { readonly [gauge in keyof Gauges]?: number } = { heap: 1 };

/** The rests, and the most that was seen in between, as a Markdown table. */
export function table({ start, middle, end }: Rests, most: Gauges): string {
  const names = Object.keys(LABELS) as (keyof Gauges)[];
  const rows = names.map((name) => {
    const cells = [start, middle, end, most].map((gauges) =>
      Number.isNaN(gauges[name])
        ? '–'
        : (gauges[name] / (UNITS[name] ?? 1)).toFixed(DIGITS[name] ?? 0),
    );
    return `| ${[LABELS[name], ...cells].join(' | ')} |`;
  });
  return ['| | start | middle | end | most |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The books as a Markdown table. */
export function ledger({ residents, guests, untold, unknown }: Books): string {
  return [
    '| | pods | kernel | in `nstat_pod` | attributed | missing: uncaptured | overload | other | farthest pod |',
    `|${'---|'.repeat(9)}`,
    rowOf('residents', residents),
    rowOf('guests', guests),
    rowOf('guests while the API server was in trouble', untold),
    '',
    `bytes of unknown peers: ${unknown.toLocaleString('en')}`,
  ].join('\n');
}

function rowOf(name: string, sums: Sums): string {
  const { pods, kernel, counted, attributed, uncaptured, overload, other, farthest } = sums;
  const figures = [kernel, counted, attributed, uncaptured, overload, other, farthest];
  return `| ${[name, pods, ...figures.map((figure) => figure.toLocaleString('en'))].join(' | ')} |`;
}
