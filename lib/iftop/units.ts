import type { Amount } from '../model.ts';

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const BITS: Readonly<Record<string, number>> = { b: 1, Kb: 1024, Mb: 1024 ** 2, Gb: 1024 ** 3 };
/** As `%4.0f`, `%4.2f` and `%4.1f` print a rate: rounding gives 999.6, 9.996 and 99.96 a fourth digit. */
const PRINTED = /^(\d{1,4}|(?:\d\.\d\d|10\.00|\d\d\.\d|100\.0)(?=[KMG]))([KMG]?[Bb])$/;

/** iftop's rates are the bytes of a slot divided by this. */
const SLOT_SECONDS = 2;

/**
 * More than can pass an interface in a slot: 8.8 Tbit/s, eleven times what the fastest network cards carry, and more than
 * pods of a node can send to each other. Thereby no wrong output of iftop makes the sums of the node so large that smaller
 * amounts are lost in rounding.
 */
export const MOST_BYTES = 2 ** 41;

/**
 * The bytes of a slot from a rate of iftop's `last 2s` column, such as `12.3KB` or `471Mb`.
 * Prefixes are powers of 1024 (iftop's ui_common.c, `readable_size`). The rate is the bytes of the slot divided by two,
 * however long the slot was. Undefined if the text is not such a number, or the number is too large.
 */
export function slotBytes(text: string): Amount | undefined {
  const match = PRINTED.exec(text);
  if (!match) return undefined;
  const [, rate = '', unit = ''] = match;
  const scale = (UNITS[unit] ?? (BITS[unit] ?? 0) / 8) * SLOT_SECONDS;
  const bytes = Number(rate) * scale;
  if (bytes > MOST_BYTES) return undefined;
  const decimals = rate.includes('.') ? rate.length - rate.indexOf('.') - 1 : 0;
  // No packet is so small that it is rounded to nothing.
  return { bytes, slack: bytes === 0 ? 0 : scale / 2 / 10 ** decimals };
}
