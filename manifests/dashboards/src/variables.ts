import {
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { chosen, SOURCE } from './query.ts';

type Tag = 'namespace' | 'workload' | 'pod' | 'node' | 'peer_kind';

const LABELS: { readonly [tag in Tag]: string } = {
  namespace: 'Namespace',
  workload: 'Workload',
  pod: 'Pod',
  node: 'Node',
  peer_kind: 'Peers of kind',
};

/** Lets one or more values of a tag be chosen, or all; `within` are variables that narrow the list. */
export function some(tag: Tag, from: string, ...within: readonly Tag[]) {
  return variable(tag, from, within).multi(true).includeAll(true).allValue('.*').current(ALL);
}

/** Lets exactly one value of a tag be chosen. */
export function one(tag: Tag, from: string, ...within: readonly Tag[]) {
  return variable(tag, from, within);
}

const ALL = { selected: true, text: 'All', value: '$__all' };

function variable(tag: Tag, from: string, within: readonly Tag[]) {
  const where = within.length > 0 ? ` WHERE ${chosen(...within).join(' AND ')}` : '';
  const query = `SHOW TAG VALUES FROM "${from}" WITH KEY = "${tag}"${where}`;
  return new QueryVariableBuilder(tag)
    .label(LABELS[tag])
    .datasource(SOURCE)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}
