import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import { asBytes, type Figure, type Price, PRICES } from './prices.ts';
import { NOT_OBSERVED, NOT_PRICED, totals } from './query.ts';

const SENT = 'sum("sentBytes")';
const RECEIVED = 'sum("receivedBytes")';

interface Groups {
  readonly where: readonly string[];
  /** The tags to group by. */
  readonly by: readonly string[];
}

/** The ways between places: a byte counts where it is sent, and where it is received if its sender has no rows. */
const PLACES = ['zone', 'cross_zone', 'cross_region'] as const satisfies readonly Price[];

const scope = (name: Price) => `"scope" = '${name.replace('_', '-')}'`;

/**
 * A query for each scope, each in columns of its own, since InfluxQL has no condition within a sum. Each byte is in one
 * column, once. Peers of the scopes internet and private are external: nobody else counts what they send.
 */
export function byScope({ where, by }: Groups, figure: Figure): Builder<Dataquery>[] {
  const query = (refId: string, select: readonly string[], ...only: readonly string[]) =>
    totals(refId, { select: select.join(', '), from: 'nstat', where: [...where, ...only], by });
  return [
    ...PLACES.flatMap((name) => [
      query(name, [figure(SENT, name, `${name}_sent`)], scope(name)),
      query(`${name} in`, [figure(RECEIVED, name, `${name}_received`)], scope(name), NOT_OBSERVED),
    ]),
    query(
      'internet',
      [
        figure(SENT, 'internet_out', 'internet_out'),
        figure(RECEIVED, 'internet_in', 'internet_in'),
      ],
      `"scope" = 'internet'`,
    ),
    query('private', [figure(`(${SENT} + ${RECEIVED})`, 'private', 'private')], scope('private')),
    query('rest', [asBytes(SENT, 'zone', 'rest_sent')], NOT_PRICED),
    query('rest in', [asBytes(RECEIVED, 'zone', 'rest_received')], NOT_PRICED, NOT_OBSERVED),
  ];
}

/** The columns of `byScope` that have a price. */
const PRICED = [
  ...PLACES.flatMap((name) => [`${name}_sent`, `${name}_received`]),
  'internet_out',
  'internet_in',
  'private',
];
const REST = ['rest_sent', 'rest_received'];

/** What the answers of `byScope` become: a row for each group, and in it the sums of columns. */
export function joined(sums: {
  readonly [column: string]: readonly string[];
}): DataTransformerConfig[] {
  return [
    { id: 'merge', options: {} },
    ...Object.entries(sums).map(([column, of]) => ({
      id: 'calculateField',
      options: {
        mode: 'reduceRow',
        reduce: { reducer: 'sum', include: of },
        alias: column,
        replaceFields: false,
      },
    })),
  ];
}

const SUMS = Object.fromEntries(
  PLACES.map((name) => [name, [`${name}_sent`, `${name}_received`]] as const),
);

/** The columns of a table of costs that are sums, */
export const COSTS = {
  cost: PRICED,
  month: PRICED.map((column) => `${column}_month`),
  ...SUMS,
  not_priced: REST,
};

/** and the columns that are only there to be added up. */
export const PARTS = [
  ...Object.values(SUMS).flat(),
  ...PRICED.map((column) => `${column}_month`),
  ...REST,
];

/** A table of bytes: its sums, what is shown of it and what is not. */
export const BYTES = {
  sums: {
    ...SUMS,
    placed: Object.values(SUMS).flat(),
    not_priced: REST,
    all: [...PRICED, ...REST],
  },
  columns: ['in_zone', ...PRICES, 'not_priced', 'all'],
  hidden: [...Object.values(SUMS).flat(), ...REST, 'placed'],
};

/** The part of what passes between places that are known that stays in its zone. */
export const SHARE: DataTransformerConfig = {
  id: 'calculateField',
  options: {
    mode: 'binary',
    binary: { left: 'zone', operator: '/', right: 'placed' },
    alias: 'in_zone',
    replaceFields: false,
  },
};
