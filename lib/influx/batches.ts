/** The largest request. */
export const MOST = { rows: 5000, bytes: 1024 * 1024 };

/** Lines that end with a line feed, in lists of a bounded size. */
export function batchesOf(lines: readonly string[]): string[][] {
  const batches: string[][] = [];
  let [last, bytes]: [string[] | undefined, number] = [undefined, 0];
  for (const line of lines.map((text) => `${text}\n`)) {
    bytes += Buffer.byteLength(line);
    if (!last || last.length >= MOST.rows || bytes > MOST.bytes) {
      batches.push((last = []));
      bytes = Buffer.byteLength(line);
    }
    last.push(line);
  }
  return batches;
}
