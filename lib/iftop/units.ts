import type { Amount } from '../model.ts';

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const BITS: Readonly<Record<string, number>> = { b: 1, Kb: 1024, Mb: 1024 ** 2, Gb: 1024 ** 3 };
const PRINTED = /^(\d{1,20})(?:\.(\d{1,3}))?([KMG]?[Bb])$/;

/** The length of a slot in iftop: its rates are the slot's bytes divided by this. */
const SLOT_SECONDS = 2;

/**
 * The bytes of a slot from a rate of iftop's `last 2s` column, such as `12.3KB` or `471Mb`.
 * Prefixes are powers of 1024 (iftop's ui_common.c, `readable_size`), whatever the slot really
 * lasted the rate is its bytes divided by two. Undefined if it is not such a number.
 */
export function slotBytes(text: string): Amount | undefined {
  const match = PRINTED.exec(text);
  if (!match) return undefined;
  const [, whole = '', decimals = '', unit = ''] = match;
  const bytes = UNITS[unit] ?? (BITS[unit] ?? 0) / 8;
  const rate = Number(`${whole}.${decimals}`);
  return {
    bytes: rate * bytes * SLOT_SECONDS,
    // No packet is so small that it would be rounded to nothing.
    slack: rate === 0 ? 0 : (bytes * SLOT_SECONDS) / 2 / 10 ** decimals.length,
  };
}
