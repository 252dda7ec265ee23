import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { chosen, SOURCE } from './query.ts';

type Tag = 'cluster' | 'namespace' | 'workload' | 'pod' | 'node';

const LABELS: { readonly [tag in Tag]: string } = {
  cluster: 'Cluster',
  namespace: 'Namespace',
  workload: 'Workload',
  pod: 'Pod',
  node: 'Node',
};

/** A field that every row of a measurement has. */
const ALWAYS = { nstat_pod: 'sentAttributed', nstat_agent: 'podsSeen' } as const;
type Measurement = keyof typeof ALWAYS;

const ALL = { selected: true, text: 'All', value: '$__all' };

/** Lets one or more values of a tag be chosen, or all; `within` are variables that narrow the list. */
export function some(tag: Tag, from: Measurement, ...within: readonly Tag[]) {
  return variable(tag, from, within).multi(true).includeAll(true).allValue('.*').current(ALL);
}

/** Lets exactly one value of a tag be chosen. */
export function one(tag: Tag, from: Measurement, ...within: readonly Tag[]) {
  return variable(tag, from, within);
}

/** Every dashboard begins with it. Rows from before there was the tag are in All, which matches no tag too. */
export const cluster = () => some('cluster', 'nstat_agent');

const KINDS = ['pod', 'service', 'node', 'external', 'other', 'unknown'];

/** The kinds of peers are always the same: no database has to be asked. */
export const kinds = () =>
  new CustomVariableBuilder('peer_kind')
    .label('Peers of kind')
    .values(KINDS.join(','))
    .options([ALL, ...KINDS.map((kind) => ({ selected: false, text: kind, value: kind }))])
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current(ALL);

/** A text that can be changed. */
export function text(name: string, label: string, value: string) {
  const current = { selected: true, text: value, value };
  return new TextBoxVariableBuilder(name)
    .label(label)
    .defaultValue(value)
    .current(current)
    .options([current]);
}

/** Lets a tag be chosen by which to group: the pods' labels that are tags, and the namespace. */
export function grouping(name: string, label: string) {
  const query = 'SHOW TAG KEYS FROM "nstat_pod"';
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(SOURCE)
      .query(query)
      .definition(query)
      // In this order a label is the first, which is what Grafana takes, if there is one.
      .regex('/^(label_.+|namespace)$/')
      .refresh(VariableRefresh.OnDashboardLoad)
      .sort(VariableSort.AlphabeticalAsc)
  );
}

/**
 * What there is in the chosen time. SHOW TAG VALUES has all that ever was: InfluxDB looks no closer than whole shards,
 * of a week by default, and with the index in memory not even at them. It is the first column that Grafana takes.
 */
function variable(tag: Tag, from: Measurement, within: readonly Tag[]) {
  const where = ['$timeFilter', `"${tag}" != ''`, ...chosen(...within)].join(' AND ');
  const inner = `SELECT last("${ALWAYS[from]}") FROM "${from}" WHERE ${where} GROUP BY "${tag}"`;
  const query = `SELECT "${tag}", "last" FROM (${inner})`;
  return new QueryVariableBuilder(tag)
    .label(LABELS[tag])
    .datasource(SOURCE)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}
