import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentFieldReader } from '../../lib/report/agent-fields.ts';
import { statistics } from '../../lib/report/statistics/all.ts';
import type { Statistic } from '../../lib/report/statistics/statistic.ts';
import { agent } from '../daemon/agent.ts';

interface Counts {
  rows: { written: number; refused: number; dropped: number };
  seconds: number;
  pods: number;
}

const SOME: readonly Statistic<Counts>[] = [
  {
    metric: 'rows_total',
    labels: ['outcome', 'any'],
    fields: { rows: 'sum', written: ['written'], lost: ['refused', 'dropped'] },
    help: 'Rows.',
    read: ({ rows }) => Object.entries(rows).map(([name, value]) => [[name, ''], value] as const),
  },
  {
    metric: 'seconds_total',
    fields: { seconds: 'sum' },
    float: true,
    help: 'Time.',
    read: ({ seconds }) => seconds,
  },
  { fields: { pods: 'sum' }, help: 'Pods.', read: ({ pods }) => pods },
  { metric: 'pods', help: 'Pods.', read: () => assert.fail('it is in no row') },
];

test('a counter is what was added since it was read last, a gauge is what it is', () => {
  const counts: Counts = {
    rows: { written: 100, refused: 20, dropped: 3 },
    seconds: 9,
    pods: 4,
  };
  const reader = new AgentFieldReader(SOME, counts);
  const none = { rows: 0, written: 0, lost: 0 };
  const fields = ({ rows, written, lost }: typeof none, seconds: number, pods: number) => ({
    rows: { integer: rows },
    written: { integer: written },
    lost: { integer: lost },
    seconds: { float: seconds },
    pods: { integer: pods },
  });
  assert.deepEqual(reader.read(), fields(none, 0, 4), 'what was before is in no row');
  counts.rows = { written: 107, refused: 25, dropped: 4 };
  [counts.seconds, counts.pods] = [9.5, 2];
  assert.deepEqual(reader.read(), fields({ rows: 13, written: 7, lost: 6 }, 0.5, 2));
  assert.deepEqual(reader.read(), fields(none, 0, 2));
});

test('what does not apply to an agent has no field', () => {
  const { relay: _, ...others } = agent();
  const fields = new AgentFieldReader(statistics, others).read();
  assert.deepEqual(
    ['relayed', 'relayRequests', 'relayBytes', 'apiBytes'].filter((name) => name in fields),
    ['apiBytes'],
  );
});

test('a row of nstat_agent has these fields, each once, and cpuSeconds alone is a float', () => {
  const fields = new AgentFieldReader(statistics, agent()).read();
  const names = statistics.flatMap(({ fields }) => Object.keys(fields ?? {}));
  assert.deepEqual(Object.keys(fields), names);
  const floats = Object.entries(fields).filter(([, value]) => 'float' in value);
  assert.deepEqual(
    floats.map(([name]) => name),
    ['cpuSeconds'],
  );
});
