import type { Reconciliation } from './reconciliation.ts';
import { type Gauges, LABELS, type Rests } from './gauges.ts';
import type { Sums } from './sums.ts';

const MEGABYTES: Scale = { unit: 1e6, digits: 1 };
const SCALES: { readonly [gauge in keyof Gauges]?: Scale } = {
  heap: MEGABYTES,
  memory: { unit: 1e6, digits: 0 },
  capturesMemory: MEGABYTES,
  spool: { unit: 1e3, digits: 0 },
};

interface Scale {
  readonly unit: number;
  readonly digits: number;
}

/** The rests, and the most that was seen in between, as a Markdown table. */
export function table({ start, middle, end }: Rests, most: Gauges): string {
  const names = Object.keys(LABELS) as (keyof Gauges)[];
  const rows = names.map((name) => {
    const { unit, digits } = SCALES[name] ?? { unit: 1, digits: 0 };
    const cells = [start, middle, end, most].map((gauges) =>
      Number.isNaN(gauges[name]) ? '–' : (gauges[name] / unit).toFixed(digits),
    );
    return `| ${[LABELS[name], ...cells].join(' | ')} |`;
  });
  return ['| | start | middle | end | most |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The reconciliation as a Markdown table. */
export function reconciliationTable({
  residents,
  guests,
  late,
  unreported,
  unknown,
}: Reconciliation): string {
  return [
    '| | pods | kernel | in `nstat_pod` | attributed | missing: uncaptured | overload | paused | other | farthest pod | poorest pod |',
    `|${'---|'.repeat(11)}`,
    rowOf('residents', residents),
    rowOf('guests', guests),
    rowOf('guests that the API server reported late', late),
    rowOf('guests that it could not report', unreported),
    '',
    `bytes of unknown peers: ${unknown.toLocaleString('en')}`,
  ].join('\n');
}

function rowOf(name: string, sums: Sums): string {
  const { pods, kernel, counted, attributed, uncaptured, overload, paused, other, farthest } = sums;
  const poorest = `${(100 * sums.poorest).toFixed(0)} %`;
  const figures = [kernel, counted, attributed, uncaptured, overload, paused, other, farthest];
  return `| ${[name, pods, ...figures.map((figure) => figure.toLocaleString('en')), poorest].join(' | ')} |`;
}
