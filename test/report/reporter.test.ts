import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import { printer } from '../../daemon/printer.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { Reporter } from '../../lib/report/reporter.ts';
import { Totals } from '../../lib/report/totals.ts';
import { parseLine } from '../influx/read-line-protocol.ts';
import { windowOf } from '../influx/windows.ts';

test('the row of the agent has what the window was kept with, and the amounts of that window alone', () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const printed: string[] = [];
  const details = { podDetail: 'pod', peersPerPod: 50, peerDetail: 'pod' } as const;
  const config = { cluster: '-', podLabels: [], node: 'n', sidecar: undefined, interval: 10_000 };
  const reporter = new Reporter({
    config: { ...config, ...details },
    directory: new Directory(),
    totals: new Totals('none'),
    sink: printer((text) => printed.push(text)),
    log,
    problems: new Problems(log),
  });
  for (const certain of [true, false])
    reporter.report(windowOf(certain ? 10_000 : 20_000), { certain, late: !certain });
  const agents = printed.map((text) => {
    const { fields, time } = parseLine(text.trim().split('\n').at(-1) ?? '');
    const names = ['podsSeen', 'cpuSeconds', 'kernelBytes', 'attributedBytes', 'staleBytes'];
    return [time, ...names.map((name) => fields.get(name))];
  });
  assert.deepEqual(agents, [
    ['10', '1i', '0.25', '1050i', '1000i', '0i'],
    ['20', '1i', '0.25', '1050i', '1000i', '1000i'],
  ]);
});
