const UNITS = ['B', 'KB', 'MB', 'GB'] as const;

/**
 * How iftop 1.0pre4 prints a number of bytes (ui_common.c, `readable_size`), written anew: single
 * precision, prefixes of 1024, a prefix from 1 000 on, three digits above the first.
 */
export function readableSize(bytes: number, unit: 'bytes' | 'bits'): string {
  let n = Math.fround(bytes);
  if (unit === 'bits') n = Math.fround(n * 8);
  const name = (power: number) =>
    unit === 'bits' ? UNITS[power]?.replace('B', 'b') : UNITS[power];
  for (let power = 0, size = 1; ; power += 1, size *= 1024) {
    const scaled = n / size;
    if (power > 0 && scaled < 10) return `${toFixed(scaled, 2)}${name(power)}`;
    if (power > 0 && scaled < 100) return `${toFixed(scaled, 1)}${name(power)}`;
    if (scaled < 1000 || power === UNITS.length - 1) return `${toFixed(scaled, 0)}${name(power)}`;
  }
}

/** C's rounding: exact halves go to the even digit. */
function toFixed(value: number, decimals: number): string {
  const scaled = value * 10 ** decimals;
  const floor = Math.floor(scaled);
  if (scaled - floor !== 0.5) return value.toFixed(decimals);
  return ((floor + (floor % 2)) / 10 ** decimals).toFixed(decimals);
}
