import type { Row } from '../lab/influx.ts';
import type { Transformation } from './grafana.ts';

type Joined = { [column: string]: string | number | null };

/** What Grafana makes of the answers to the queries of a panel: `merge`, and the columns that are calculated. */
export function joined(
  answers: readonly (readonly Row[])[],
  transformations: readonly Transformation[],
): Joined[] {
  const rows = merged(answers);
  for (const { id, options } of transformations)
    if (id === 'calculateField')
      for (const row of rows) row[String(options['alias'])] = calculated(row, options);
  return rows;
}

/** A row for each group of tags. The columns of figures have names of their own in each answer. */
function merged(answers: readonly (readonly Row[])[]): Joined[] {
  const groups = new Map<string, Joined>();
  for (const row of answers.flat()) {
    // Tags are in the same order in all answers.
    const key = JSON.stringify(
      Object.entries(row).filter(([, value]) => typeof value === 'string'),
    );
    groups.set(key, { ...groups.get(key), ...row });
  }
  return [...groups.values()];
}

function calculated(row: Joined, options: Transformation['options']): number {
  const { mode, reduce, binary } = options as {
    mode: 'reduceRow' | 'binary';
    reduce: { include: string[] };
    binary: { left: string; right: string };
  };
  const value = (column: string) => Number(row[column] ?? 0);
  if (mode === 'binary') return value(binary.left) / value(binary.right);
  return reduce.include.reduce((sum, column) => sum + value(column), 0);
}
