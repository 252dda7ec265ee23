import { drill } from './links.ts';
import { asBytes, asCost, asSaving, type Price } from './prices.ts';
import { chosen, totals } from './query.ts';
import { byScope, COSTS, joined, PARTS } from './scopes.ts';
import { table } from './tables.ts';

export const where = chosen('cluster', 'namespace', 'workload');
export const ONCE =
  'Each byte counts once: where it is sent, and what nodes and outside hosts send where it is received.';
export const COST = `${ONCE} The prices are those at the top, for 1,000,000,000 bytes. month is the same for 30.44 days. What has no price is in bytes.`;

export const COST_COLUMNS = [
  'cost',
  'month',
  'cross_zone',
  'cross_region',
  'internet_out',
  'internet_in',
  'private',
  'zone',
  'not_priced',
];

/** The tag that is chosen to group by, which Grafana shows by its own name otherwise. */
const TEAM = '${team:raw}';
const named = (by: readonly string[]) => by.map((tag) => (tag === TEAM ? 'team' : tag));
const RENAMED = {
  id: 'renameByRegex',
  options: { regex: '^(label_.+|namespace)$', renamePattern: 'team' },
};

interface Options {
  readonly title: string;
  readonly by: readonly string[];
  readonly about?: string;
  readonly only?: readonly string[];
}

/** What groups cost, and what of it by which way. */
export function costs({ title, by, about = '', only = [] }: Options) {
  const link = drill('Namespace', 'namespace', { namespace: 'namespace' });
  return table({
    title: `${title}, \${currency}`,
    about: `${COST} ${about}`.trim(),
    unit: 'none',
    width: 24,
    columns: [...named(by), ...COST_COLUMNS],
    hidden: PARTS,
    by: 'cost',
    units: { not_priced: 'decbytes' },
    before: [...joined(COSTS), ...(by.includes(TEAM) ? [RENAMED] : [])],
    links: by.includes('namespace') ? { namespace: link } : {},
    targets: byScope({ where: [...where, ...only], by }, asCost),
  }).decimals(2);
}

export const byTeam = costs({
  title: 'Cost by ${team}',
  by: [TEAM],
  about: 'It is the sender’s, or the receiver’s if only that one is observed.',
});

const PAIR = ['namespace', 'workload', 'peer_namespace', 'peer_workload', 'scope'];

export const moves = table({
  title: 'What a move into one zone would save, ${currency}',
  about:
    'What pods of a workload sent to pods of another, in another zone or region, and what it costs more than within a zone. Each direction has its own row. What clients send to services is not here; the answers are.',
  unit: 'none',
  width: 24,
  columns: [...PAIR, 'bytes', 'saving', 'month'],
  hidden: ['zone', 'region'].flatMap((way) => [
    `${way}_bytes`,
    `${way}_saving`,
    `${way}_saving_month`,
  ]),
  by: 'saving',
  units: { bytes: 'decbytes' },
  before: joined({
    bytes: ['zone_bytes', 'region_bytes'],
    saving: ['zone_saving', 'region_saving'],
    month: ['zone_saving_month', 'region_saving_month'],
  }),
  targets: (['zone', 'region'] as const).map((way) => {
    const price: Price = `cross_${way}`;
    const bytes = 'sum("sentBytes")';
    return totals(way, {
      select: `${asBytes(bytes, price, `${way}_bytes`)}, ${asSaving(bytes, price, `${way}_saving`)}`,
      from: 'nstat',
      where: [...where, `"scope" = 'cross-${way}'`, `"peer_kind" = 'pod'`],
      by: PAIR,
    });
  }),
}).decimals(2);
