/** Values by the values of the labels, in the order of their names. */
type Labelled = Iterable<readonly [labels: readonly string[], value: number]>;

/** A metric whose value is read when it is asked for, from what counts it anyway. */
export interface Metric {
  /** By the conventions of Prometheus: base units, `_total` for what only grows. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  /** A number if there are no labels; undefined if there is none at the moment. */
  readonly read: () => number | undefined | Labelled;
}

/** What only grows while the daemon runs. */
export function counter(name: string, help: string, read: () => number): Metric;
export function counter(
  name: string,
  help: string,
  labels: readonly string[],
  read: () => Labelled,
): Metric;
export function counter(name: string, help: string, ...rest: Rest): Metric {
  return metric('counter', name, help, rest);
}

/** What goes up and down. */
export function gauge(name: string, help: string, read: () => number | undefined): Metric;
export function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  read: () => Labelled,
): Metric;
export function gauge(name: string, help: string, ...rest: Rest): Metric {
  return metric('gauge', name, help, rest);
}

type Rest = [read: Metric['read']] | [labels: readonly string[], read: Metric['read']];

function metric(type: Metric['type'], name: string, help: string, rest: Rest): Metric {
  const [labels, read] = rest.length === 2 ? rest : [[], rest[0]];
  return { name: `nstats_${name}`, type, help, labels, read };
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
