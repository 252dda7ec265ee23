/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** A number for people: `12,345.6`. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    // Nothing has no sign.
    signDisplay: 'negative',
  });
}

export function megabytes(bytes: number): string {
  return number(bytes / 1e6, bytes < 1e7 ? 1 : 0);
}

/** How many times as much: `6.4 ×`, `0.012 ×`. */
export function ratio(value: number, reference: number): string {
  const times = value / reference;
  return `${number(times, times < 0.1 ? 3 : times < 10 ? 2 : 0)} ×`;
}
