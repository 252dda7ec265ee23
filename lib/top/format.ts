const UNITS = ['', 'k', 'M', 'G', 'T', 'P'];

/** A number with three digits and a prefix of 1000, such as `1.23 M`; at most 6 characters. */
export function short(value: number): string {
  let unit = 0;
  // What would be rounded to 1000 has the next prefix.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`.trimEnd();
}

/** A rate, such as `1.23 Mbit/s`. */
export function rate(bits: number): string {
  const text = short(bits);
  return /[a-z]$/i.test(text) ? `${text}bit/s` : `${text} bit/s`;
}

/** An amount, such as `1.23 MB`. */
export function amount(bytes: number): string {
  const text = short(bytes);
  return /[a-z]$/i.test(text) ? `${text}B` : `${text} B`;
}
