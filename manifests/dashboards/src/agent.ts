import { dashboard } from './frame.ts';
import { drill } from './links.ts';
import { lines } from './panels.ts';
import { chosen, overTime, totals } from './query.ts';
import { table } from './tables.ts';
import { cluster, some } from './variables.ts';

/** Of the node's agents the namespace is `-`. */
const where = chosen('cluster', 'node', 'namespace');
/** What tells one agent from another: a node may have its own and several sidecars. */
const by = ['cluster', 'node', 'namespace', 'pod'];

/** A figure of each agent over time. */
function byAgent(
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
      by,
      fill,
      alias: `$tag_cluster $tag_node $tag_namespace/$tag_pod${alias && `, ${alias}`}`,
    }),
  );
  return lines({ title, about, unit, width: 8, height: 8, targets });
}

const agents = table({
  title: 'Agents',
  about:
    'The last figures of each agent, and what it lost or started again in the time range. A sidecar has the namespace and the name of its pod, the agent of a node has neither. An agent that has stopped reporting has fewer windows than the others.',
  unit: 'none',
  width: 24,
  columns: [
    'cluster',
    'node',
    'namespace',
    'pod',
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
      by,
    }),
  ],
});

const pods = table({
  title: 'Pods with the most missing bytes',
  about:
    'Missing: bytes that the kernel counted and no row by peer has, both directions of a pod together. Uncounted: bytes that rows have and the kernel did not count. A pod that came or went within the time range has missing bytes, and so has a pod with tens of thousands of flows at once.',
  unit: 'decbytes',
  width: 24,
  columns: [
    'namespace',
    'workload',
    'pod',
    'interface',
    'node',
    'kernel',
    'uncounted',
    'attributed',
    'missing',
  ],
  by: 'missing',
  limit: 50,
  links: {
    pod: drill('Pod', 'pod', { namespace: 'namespace', workload: 'workload', pod: 'pod' }),
  },
  targets: [
    totals('A', {
      select: [
        'sum("sentBytes") + sum("receivedBytes") - sum("sentUncounted") - sum("receivedUncounted") AS "kernel"',
        'sum("sentUncounted") + sum("receivedUncounted") AS "uncounted"',
        'sum("sentAttributed") + sum("receivedAttributed") AS "attributed"',
        'sum("sentBytes") + sum("receivedBytes") - sum("sentAttributed") - sum("receivedAttributed") AS "missing"',
      ].join(', '),
      from: 'nstat_pod',
      where: chosen('cluster', 'node'),
      by: ['namespace', 'workload', 'pod', 'interface', 'node'],
    }),
  ],
});

export const agent = dashboard({
  uid: 'agent',
  title: 'nstats / nstats itself',
  about: 'Whether nstats sees everything, loses nothing, and what it takes.',
  variables: [
    cluster(),
    some('node', 'nstat_agent', 'cluster'),
    some('namespace', 'nstat_agent', 'cluster', 'node'),
  ],
  panels: [
    agents,
    byAgent(
      'Pods seen and captured',
      'Pods that are to be observed, captures that run, captures that are paused to stay within CPU_BUDGET, and pods whose interface did not count all that was captured.',
      'none',
      {
        seen: 'max("podsSeen")',
        captured: 'max("sessions")',
        paused: 'max("sessionsPaused")',
        uncounted: 'max("podsUncounted")',
      },
      'none',
    ),
    byAgent(
      'Attributed of what the kernel counted',
      'Both directions of all pods of an agent. Some tenths of a percent below 100 % are usual.',
      'percentunit',
      { '': 'sum("attributedBytes") / (sum("kernelBytes") + sum("uncountedBytes"))' },
      'none',
    ).decimals(2),
    byAgent(
      'Missing by reason',
      'Bytes that the kernel counted and no row has, both directions of all pods of an agent, in each point of the graph: nothing captured, more flows than iftop can follow, paused for CPU_BUDGET, and the rest.',
      'decbytes',
      {
        uncaptured: 'sum("missingUncaptured")',
        overload: 'sum("missingOverload")',
        paused: 'sum("missingPaused")',
        other: 'sum("missingOther")',
      },
    ),
    byAgent(
      'Losses',
      'Rows that InfluxDB refused or that there was no room for, and lines of iftop that could not be parsed, in each point of the graph. All should be zero.',
      'none',
      { 'rows lost': 'sum("rowsLost")', 'lines unparsed': 'sum("unparsedLines")' },
    ),
    byAgent(
      'Started again',
      'Captures that ended by themselves, and lists or watches of the API that failed, in each point of the graph.',
      'none',
      { captures: 'sum("sessionRestarts")', API: 'sum("apiRestarts")' },
    ),
    byAgent(
      'Waiting for InfluxDB',
      'The most that waited in a point of the graph.',
      'bytes',
      { '': 'max("spoolBytes")' },
      'none',
    ),
    byAgent('Rows written', 'A second, to InfluxDB.', 'ops', {
      '': 'sum("rowsWritten") * 1000.0 / $__interval_ms',
    }),
    byAgent(
      'From the API server and the relay',
      'Bytes a second that an agent receives, most of them gzipped. Without a relay there is the API server alone.',
      'Bps',
      {
        API: 'sum("apiBytes") * 1000.0 / $__interval_ms',
        relay: 'sum("relayBytes") * 1000.0 / $__interval_ms',
      },
      'none',
    ),
    byAgent(
      'Served by the relay',
      '1 while a relay serves the agent, 0 while the agent asks the API server since no relay is of use. Nothing without a relay.',
      'none',
      { '': 'max("relayed")' },
      'none',
    ),
    byAgent('CPU', 'Of the daemon and its captures; 100 % is one core.', 'percentunit', {
      '': 'sum("cpuSeconds") * 1000.0 / $__interval_ms',
    }),
    byAgent(
      'Memory',
      'Resident, of the daemon and its captures.',
      'bytes',
      { '': 'max("rssBytes")' },
      'none',
    ),
    pods,
  ],
});
