import { dashboard } from './frame.ts';
import { drill } from './links.ts';
import { lines } from './panels.ts';
import { chosen, overTime, totals } from './query.ts';
import { table } from './tables.ts';
import { some } from './variables.ts';

const where = chosen('node');

/** A figure of each node over time. */
function byNode(
  title: string,
  about: string,
  unit: string,
  fields: { readonly [alias: string]: string },
  fill: 'none' | 0 = 0,
) {
  const targets = Object.entries(fields).map(([alias, select], index) =>
    overTime(String.fromCodePoint(65 + index), {
      select,
      from: 'nstat_agent',
      where,
      by: ['node'],
      fill,
      alias: alias ? `$tag_node, ${alias}` : '$tag_node',
    }),
  );
  return lines({ title, about, unit, width: 8, height: 8, targets });
}

const nodes = table({
  title: 'Nodes',
  about:
    'The last figures of each node, and what it lost or had to start again in the time range. A node that has stopped to report has fewer windows than the others.',
  unit: 'none',
  width: 24,
  columns: [
    'node',
    'windows',
    'pods',
    'sessions',
    'rows_written',
    'rows_lost',
    'unparsed_lines',
    'session_restarts',
    'api_restarts',
    'spool',
    'rss',
    'cpu',
  ],
  by: 'rows_lost',
  limit: 5000,
  units: { spool: 'bytes', rss: 'bytes', cpu: 's' },
  targets: [
    totals('A', {
      select: [
        'count("podsSeen") AS "windows"',
        'last("podsSeen") AS "pods"',
        'last("sessions") AS "sessions"',
        'sum("rowsWritten") AS "rows_written"',
        'sum("rowsLost") AS "rows_lost"',
        'sum("unparsedLines") AS "unparsed_lines"',
        'sum("sessionRestarts") AS "session_restarts"',
        'sum("apiRestarts") AS "api_restarts"',
        'last("spoolBytes") AS "spool"',
        'last("rssBytes") AS "rss"',
        'sum("cpuSeconds") AS "cpu"',
      ].join(', '),
      from: 'nstat_agent',
      where,
      by: ['node'],
    }),
  ],
});

const pods = table({
  title: 'Pods whose books are the farthest apart',
  about:
    'What the kernel counted and the rows by peer do not have, both directions of a pod together. A pod that came or went within the time range has some, and so has one with tens of thousands of flows at once.',
  unit: 'decbytes',
  width: 24,
  columns: ['namespace', 'pod', 'interface', 'node', 'kernel', 'attributed', 'missing'],
  by: 'missing',
  limit: 50,
  links: { pod: drill('Pod', 'pod', { namespace: 'namespace', pod: 'pod' }) },
  targets: [
    totals('A', {
      select: [
        'sum("sentBytes") + sum("receivedBytes") AS "kernel"',
        'sum("sentAttributed") + sum("receivedAttributed") AS "attributed"',
        'sum("sentBytes") + sum("receivedBytes") - sum("sentAttributed") - sum("receivedAttributed") AS "missing"',
      ].join(', '),
      from: 'nstat_pod',
      where,
      by: ['namespace', 'pod', 'interface', 'node'],
    }),
  ],
});

export const agent = dashboard({
  uid: 'agent',
  title: 'nstats / nstats itself',
  about: 'Whether nstats sees everything, loses nothing, and what it takes.',
  variables: [some('node', 'nstat_agent')],
  panels: [
    nodes,
    byNode(
      'Pods seen and captured',
      'Pods that are to be observed, captures that run, and captures that are paused to stay within CPU_BUDGET.',
      'none',
      {
        seen: 'max("podsSeen")',
        captured: 'max("sessions")',
        paused: 'max("sessionsPaused")',
      },
      'none',
    ),
    byNode(
      'Attributed of what the kernel counted',
      'Both directions of all pods of a node. Some tenths of a percent below 100 % are usual.',
      'percentunit',
      { '': 'sum("attributedBytes") / sum("kernelBytes")' },
      'none',
    ).decimals(2),
    byNode(
      'Missing by reason',
      'Bytes that the kernel counted and no row has, both directions of all pods of a node, in each point of the graph: nothing captured, more flows than iftop can follow, paused for CPU_BUDGET, and the rest.',
      'decbytes',
      {
        uncaptured: 'sum("missingUncaptured")',
        overload: 'sum("missingOverload")',
        paused: 'sum("missingPaused")',
        other: 'sum("missingOther")',
      },
    ),
    byNode(
      'Losses',
      'Rows that InfluxDB refused or that there was no room for, and lines of iftop that could not be read, in each point of the graph. Nothing but zero is well.',
      'none',
      { 'rows lost': 'sum("rowsLost")', 'lines unread': 'sum("unparsedLines")' },
    ),
    byNode(
      'Started again',
      'Captures that ended by themselves, and lists or watches of the API that failed, in each point of the graph.',
      'none',
      { captures: 'sum("sessionRestarts")', API: 'sum("apiRestarts")' },
    ),
    byNode(
      'Waiting for InfluxDB',
      'The most that waited in a point of the graph.',
      'bytes',
      { '': 'max("spoolBytes")' },
      'none',
    ),
    byNode('Rows written', 'A second, to InfluxDB.', 'ops', {
      '': 'sum("rowsWritten") * 1000.0 / $__interval_ms',
    }),
    byNode('CPU', 'Of the daemon and its captures; 100 % is one core.', 'percentunit', {
      '': 'sum("cpuSeconds") * 1000.0 / $__interval_ms',
    }),
    byNode(
      'Memory',
      'Resident, of the daemon and its captures.',
      'bytes',
      { '': 'max("rssBytes")' },
      'none',
    ),
    pods,
  ],
});
