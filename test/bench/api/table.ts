/** What was measured of one agent. Bytes are of bodies as they were sent. */
export interface Column {
  readonly name: string;
  readonly list: {
    readonly lists: number;
    readonly watches: number;
    readonly bytes: number;
    readonly connections: number;
    /** From the first whole list's request until all are here. */
    readonly seconds: number;
    readonly cpu: number;
    /** Resident memory before and after it, and the most until now. */
    readonly before: number;
    readonly after: number;
    readonly peak: number;
    /** What is live after it and was not before. */
    readonly heap: number;
  };
  /** Of following, on average. */
  readonly minute: {
    readonly lists: number;
    readonly watches: number;
    readonly bytes: number;
    readonly cpu: number;
  };
  /** Resident memory at the end. */
  readonly resident: number;
}

/** As Markdown; `objects` is how many were listed. */
export function table(columns: readonly Column[], objects: number): string {
  const rows: readonly [string, (column: Column) => string][] = [
    ['**to list everything**', () => ''],
    ['lists, watches begun', ({ list }) => `${list.lists}, ${list.watches}`],
    ['TLS connections', ({ list }) => `${list.connections}`],
    ['received', ({ list }) => megabytes(list.bytes)],
    ['time, the stand-in’s included', ({ list }) => `${list.seconds.toFixed(1)} s`],
    ['CPU of the client', ({ list }) => `${list.cpu.toFixed(1)} s`],
    [
      'resident before, after; at most',
      ({ list }) => `${megabytes(list.before)}, ${megabytes(list.after)}; ${megabytes(list.peak)}`,
    ],
    ['heap that stays', ({ list }) => megabytes(list.heap)],
    ['the same, an object', ({ list }) => `${(list.heap / objects).toFixed(0)} B`],
    ['**to follow, a minute**', () => ''],
    ['lists, watches begun', ({ minute }) => `${fixed(minute.lists)}, ${fixed(minute.watches)}`],
    ['received', ({ minute }) => megabytes(minute.bytes)],
    ['CPU of the client', ({ minute }) => `${minute.cpu.toFixed(2)} s`],
    ['resident at the end', ({ resident }) => megabytes(resident)],
    ['**an hour, extrapolated from the minutes**', () => ''],
    ['received', ({ minute }) => megabytes(minute.bytes * 60)],
    ['CPU of the client', ({ minute }) => `${(minute.cpu * 60).toFixed(0)} s`],
  ];
  const head = [
    line(['', ...columns.map(({ name }) => name)]),
    `|${'---|'.repeat(columns.length + 1)}`,
  ];
  const body = rows.map(([what, cell]) => line([what, ...columns.map(cell)]));
  return [...head, ...body].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function fixed(count: number): string {
  return count.toFixed(1).replace('.0', '');
}
