/** The metrics of namespaces, whatever their names. */
import assert from 'node:assert/strict';
import { exposition } from '../../daemon/http/metrics/exposition.ts';
import { traffic as statistics } from '../../lib/report/statistics/traffic.ts';
import { Totals } from '../../lib/report/totals.ts';
import { nameless } from '../../lib/naming/directory.ts';
import type { Edge, Peer } from '../../lib/model.ts';
import { traffic, window } from '../daemon/agent.ts';
import { parse } from '../daemon/exposition.ts';
import type { Target } from './target.ts';

const KINDS = ['pod', 'service', 'node', 'external', 'other', 'unknown'] as const;
const LABELS = ['namespace', 'peer_kind', 'peer_namespace', 'direction'];

function edgeTo(namespace: string, kind: Peer['kind'], sent: number): Edge {
  return { peer: { ...nameless(kind, '-'), namespace }, sent, received: 1 };
}

/** The labels of a series, without what escapes their values. */
function labelsOf(series: string): { [name: string]: string } {
  const all = series.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...all].map(([, name = '', value = '']) => [name, plain(value)]));
}

function plain(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

export const expositionTarget: Target = {
  name: 'exposition',
  seeds: ['shop\n_other\n-\nweb', 'a"b\nc\\d\n', 'a,peer_kind:pod\nb{c="d"} 1\n# TYPE x'].map(
    (text) => Buffer.from(text),
  ),
  async check(input, random) {
    const names = input.toString().split(random.of(['\n', '"', 'b']));
    const totals = new Totals('namespace');
    let sent = 0;
    for (const namespace of names.slice(0, 30)) {
      const edge = edgeTo(random.of(names), random.of(KINDS), random.below(1000));
      totals.add(window({ traffic: [traffic(namespace, [edge])] }));
      sent += edge.sent;
    }
    const text = await exposition(statistics, { totals }).metrics();
    const { values } = parse(Buffer.from(text).toString());
    let counted = 0;
    for (const [series, value] of values) {
      if (!series.startsWith('nstats_flow_bytes_total{')) continue;
      const labels = labelsOf(series);
      assert.deepEqual(Object.keys(labels), LABELS);
      const { namespace = '', peer_namespace: peer = '', direction } = labels;
      for (const name of [namespace, peer]) assert.ok(name === '_other' || names.includes(name));
      if (direction === 'sent') counted += value;
    }
    assert.equal(counted, sent);
  },
};
