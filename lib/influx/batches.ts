/** The largest request. */
export const MOST = { rows: 5000, bytes: 1024 * 1024 };

/** Lines in lists of a bounded size, a line feed for each included. */
export function batchesOf(lines: readonly string[]): string[][] {
  const batches: string[][] = [];
  let [last, bytes]: [string[] | undefined, number] = [undefined, 0];
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    bytes += size;
    if (!last || last.length >= MOST.rows || bytes > MOST.bytes) {
      batches.push((last = []));
      bytes = size;
    }
    last.push(line);
  }
  return batches;
}
