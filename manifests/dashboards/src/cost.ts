import { byTeam, COST, COST_COLUMNS, costs, moves, ONCE, where } from './cost-tables.ts';
import { dashboard } from './frame.ts';
import { bars, figure } from './panels.ts';
import { asBytes, asCost, prices } from './prices.ts';
import { named, NOT_OBSERVED, NOT_PRICED } from './query.ts';
import { BYTES, byScope, COSTS, joined, PARTS, SHARE } from './scopes.ts';
import { organized } from './tables.ts';
import { cluster, grouping, some, text } from './variables.ts';

const all = figure({
  title: 'Cost, ${currency}',
  about: COST,
  unit: 'none',
  width: 24,
  targets: byScope({ where, by: [] }, asCost),
})
  .decimals(2)
  .overrideByName('not_priced', [{ id: 'unit', value: 'decbytes' }])
  .transformations([...joined(COSTS), organized(COST_COLUMNS, PARTS)]);

const bytes = figure({
  title: 'Bytes, and the part that stays in its zone',
  about: `${ONCE} in_zone is of what passes between places that are known.`,
  unit: 'decbytes',
  width: 24,
  targets: byScope({ where, by: [] }, asBytes),
})
  .overrideByName('in_zone', [{ id: 'unit', value: 'percentunit' }])
  .transformations([...joined(BYTES.sums), SHARE, organized(BYTES.columns, BYTES.hidden)]);

const rest = bars({
  title: 'Not priced, by the other end',
  about:
    'Bytes whose way is not known: mostly what clients send to services, since a client cannot see behind them; peers that are not known; rows from before there were scopes.',
  unit: 'decbytes',
  width: 24,
  height: 6,
  targets: (['to', 'from'] as const).map((way, index) =>
    named(index === 0 ? 'A' : 'B', {
      select: `sum("${way === 'to' ? 'sent' : 'received'}Bytes") AS "bytes"`,
      from: 'nstat',
      where: [...where, NOT_PRICED, ...(way === 'from' ? [NOT_OBSERVED] : [])],
      by: ['peer_kind'],
      alias: `${way} $tag_peer_kind`,
    }),
  ),
});

export const cost = dashboard({
  uid: 'cost',
  title: 'nstats / Cost',
  about: 'What traffic costs by the way it goes: by team, namespace, workload and pair.',
  variables: [
    cluster(),
    some('namespace', 'nstat_pod', 'cluster'),
    some('workload', 'nstat_pod', 'cluster', 'namespace'),
    grouping('team', 'Team'),
    text('currency', 'Currency', 'USD'),
    ...prices(),
  ],
  panels: [
    all,
    bytes,
    byTeam,
    costs({ title: 'Cost by namespace', by: ['namespace'] }),
    costs({ title: 'Cost by workload', by: ['namespace', 'workload'] }),
    moves,
    costs({
      title: 'Cost by pair',
      by: ['namespace', 'workload', 'peer_kind', 'peer_namespace', 'peer_workload'],
      about: 'Each direction between two workloads has its own row. All outside networks are one.',
    }),
    costs({
      title: 'Cost of outside networks',
      by: ['peer', 'namespace', 'workload'],
      only: [`"peer_kind" = 'external'`],
    }),
    rest,
  ],
})
  // Many queries over all peers: when they are asked for.
  .refresh('');
