import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** The dashboards, by what their addresses end with. */
export const UIDS = {
  cluster: 'nstats-cluster',
  namespace: 'nstats-namespace',
  pod: 'nstats-pod',
  topology: 'nstats-topology',
  cost: 'nstats-cost',
  agent: 'nstats-agent',
} as const;

/** The other dashboards of nstats, at the top of each, for the same time. */
export function siblings() {
  return new DashboardLinkBuilder('nstats')
    .type(DashboardLinkType.Dashboards)
    .tags(['nstats'])
    .keepTime(true)
    .asDropdown(true);
}

/** A link of a table's cells to another dashboard, about what stands in columns of the same row, for the same clusters and time. */
export function drill(
  title: string,
  to: keyof typeof UIDS,
  variables: { readonly [variable: string]: string },
): DynamicConfigValue {
  const parameters = Object.entries(variables).map(
    ([variable, column]) => `var-${variable}=\${__data.fields.${column}:percentencode}`,
  );
  const kept = ['${cluster:queryparam}', '${__url_time_range}'];
  const url = `/d/${UIDS[to]}?${[...parameters, ...kept].join('&')}`;
  return { id: 'links', value: [{ title, url }] };
}
