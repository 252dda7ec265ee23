/** Values by the values of the labels, in the order of the labels' names. */
export type Labelled = Iterable<readonly [labels: readonly string[], value: number]>;

/**
 * One figure of the agent. `/metrics`, the row of `nstat_agent` and the tables of the documentation follow
 * from it. The value is read when it is asked for, from what counts it anyway.
 */
export interface Statistic<Sources> {
  /** By Prometheus's conventions the name has the unit, and `_total` of a counter. Without it only rows have the figure. */
  readonly metric?: string;
  readonly labels?: readonly string[];
  /** Fields of `nstat_agent`: each is the sum of all values, or of those whose first label is in the list. */
  readonly fields?: { readonly [name: string]: 'sum' | readonly string[] };
  /** Fields are integers unless this is true. */
  readonly float?: boolean;
  /** For `/metrics` and the documentation: sentences with full stops. */
  readonly help: string;
  /** A number if there are no labels; undefined if there is no value at the moment. */
  readonly read: (sources: Sources) => number | undefined | Labelled;
}

/** A counter only grows while the daemon runs; a row has what was added in its window. */
export function kindOf(metric: string | undefined): 'counter' | 'gauge' {
  return metric?.endsWith('_total') ? 'counter' : 'gauge';
}

/** The values of a statistic at this moment. */
export function valuesOf<Sources>({ read }: Statistic<Sources>, sources: Sources): Labelled {
  const value = read(sources);
  if (typeof value === 'object') return value;
  return value === undefined ? [] : [[[], value]];
}

/** Values of one label, from an object that has them by name. */
export function byName(values: { readonly [name: string]: number }): Labelled {
  return Object.entries(values).map(([name, value]) => [[name], value] as const);
}

/** The two directions of bytes, behind other labels. */
export function byDirection(
  { sent, received }: { readonly sent: number; readonly received: number },
  ...labels: readonly string[]
): [labels: readonly string[], value: number][] {
  return [
    [[...labels, 'sent'], sent],
    [[...labels, 'received'], received],
  ];
}
