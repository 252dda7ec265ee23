import type { Influx } from '../../lab/influx.ts';
import type { Kind } from './kinds.ts';
import type { Found } from './table.ts';

/** What nstats has written of each kind. */
export async function found(influx: Influx): Promise<(kind: Kind) => Found> {
  const fields = ['sentBytes', 'receivedBytes'] as const;
  const nstatPod = await sums(influx, 'nstat_pod', ...fields);
  const nstat = await sums(influx, 'nstat', ...fields);
  return (kind) => ({ nstatPod: nstatPod(kind), nstat: nstat(kind) });
}

/** What InfluxDB has of the pods of a kind, two fields together. */
export async function sums(
  influx: Influx,
  measurement: string,
  ...[one, other]: readonly [string, string]
): Promise<(kind: Kind) => number> {
  const columns = `sum("${one}") AS one, sum("${other}") AS other`;
  const rows = await influx.query(`SELECT ${columns} FROM ${measurement} GROUP BY "pod"`);
  return ({ name }) => {
    const own = rows.filter(({ pod }) => pod === name || String(pod).startsWith(`${name}-`));
    return own.reduce((sum, { one, other }) => sum + Number(one) + Number(other), 0);
  };
}
