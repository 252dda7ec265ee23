import { text } from './variables.ts';

/** Bytes that a price is for. */
const GB = '1000000000.0';
/** Milliseconds: 30.44 days, a twelfth of a year. */
const MONTH = '2630016000.0';

/** What a GB costs by the way it goes, and what that is by default: docs/dashboards.md says by whose list. */
const DEFAULTS = {
  zone: '0.00',
  cross_zone: '0.02',
  cross_region: '0.02',
  internet_out: '0.09',
  internet_in: '0.00',
  private: '0.00',
} as const;

export type Price = keyof typeof DEFAULTS;
export const PRICES = Object.keys(DEFAULTS) as readonly Price[];

/** The variables of the prices. */
export const prices = () =>
  PRICES.map((name) => text(variableOf(name), label(name), DEFAULTS[name]));

/** What becomes of a sum of bytes that have a price, in the columns of a query. */
export type Figure = (bytes: string, price: Price, column: string) => string;

export const asBytes: Figure = (bytes, _, column) => `${bytes} AS "${column}"`;

/** In the time that is chosen, and as much of it in a month. */
export const asCost: Figure = (bytes, price, column) =>
  costOf(bytes, `\${${variableOf(price)}:raw}`, column);

/** What it would cost less within one zone. */
export const asSaving: Figure = (bytes, price, column) =>
  costOf(bytes, `(\${${variableOf(price)}:raw} - \${${variableOf('zone')}:raw})`, column);

function costOf(bytes: string, price: string, column: string): string {
  const cost = `${bytes} / ${GB} * ${price}`;
  return `${cost} AS "${column}", ${cost} * ${MONTH} / (\${__to} - \${__from}) AS "${column}_month"`;
}

function variableOf(price: Price): string {
  return `price_${price}`;
}

function label(price: Price): string {
  return `A GB, ${price.replace('_', ' ')}`;
}
