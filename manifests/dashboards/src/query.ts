import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

/** The data source that every panel asks: InfluxQL, which InfluxDB 1.x, 2.x and 3 all speak. */
export const SOURCE = { type: 'influxdb', uid: 'nstats' };

/** What InfluxQL and Grafana call a peer that is a pod of the cluster, by its address or a service's. */
export const IN_CLUSTER = `"peer_kind" =~ /^(pod|service)$/`;

/** The ways that bytes go and that may have a price; a database's older rows have no scope at all. */
export const NOT_PRICED = `"scope" !~ /^(zone|cross-zone|cross-region|internet|private)$/`;

/** The peers that nstats never observes, so that what they send is counted by who receives it. */
export const NOT_OBSERVED = `"peer_kind" =~ /^(external|node)$/`;

interface Query {
  readonly select: string;
  readonly from: 'nstat' | 'nstat_pod' | 'nstat_agent';
  readonly where?: readonly string[];
  /** The tags to group by. */
  readonly by?: readonly string[];
}

/** A line over time for each group; `alias` names it. */
export function overTime(refId: string, query: Query & { alias: string; fill?: 'none' | 0 }) {
  const { alias, fill = 0 } = query;
  return target(refId, `${body(query, ['time($__interval)'])} fill(${fill})`, 'time_series', alias);
}

/** One row for each group, of the whole time range, with the tags as columns. */
export function totals(refId: string, query: Query) {
  return target(refId, body(query), 'table', '');
}

/** One figure for each group, of the whole time range, under a name made of the tags. */
export function named(refId: string, query: Query & { alias: string }) {
  return target(refId, body(query), 'time_series', query.alias);
}

/**
 * Bits a second, averaged over the points of the graph. It is the bytes that are summed, not rates
 * that are averaged: a window without traffic has no row.
 */
export function rate(field: string): string {
  return `sum("${field}") * 8000.0 / $__interval_ms`;
}

/**
 * Rows whose tag is among what is chosen. The format is asked for by name, since what Grafana does
 * for InfluxQL without one differs between its releases, as soon as a value has a dot or a slash.
 */
export function chosen(...tags: readonly string[]): string[] {
  return tags.map((tag) => `"${tag}" =~ /^\${${tag}:regex}$/`);
}

function body({ select, from, where = [], by = [] }: Query, grouping: readonly string[] = []) {
  const groups = [...grouping, ...by.map((tag) => `"${tag}"`)].join(', ');
  const condition = ['$timeFilter', ...where].join(' AND ');
  return `SELECT ${select} FROM "${from}" WHERE ${condition}${groups && ` GROUP BY ${groups}`}`;
}

function target(
  refId: string,
  query: string,
  resultFormat: 'table' | 'time_series',
  alias: string,
): Builder<Dataquery> {
  const dataquery = {
    refId,
    datasource: SOURCE,
    rawQuery: true,
    query,
    resultFormat,
    alias,
    _implementsDataqueryVariant() {},
  };
  return { build: () => dataquery };
}
