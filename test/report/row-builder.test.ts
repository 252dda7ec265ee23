import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClosedWindow } from '../../lib/model.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { RowBuilder } from '../../lib/report/row-builder.ts';

const END = 1_700_000_010_000;
const [FAR, NEAR] = ['198.51.100.1', '192.0.2.1'];

/** A window of one interface of a pod, with these bytes to these addresses. */
function windowOf(iface: string, sent: { readonly [address: string]: number }): ClosedWindow {
  const ips = ['10.0.0.1'];
  const pod = { uid: 'u', cgroupUid: 'u', namespace: 'a', name: 'b', workload: '-', ips };
  const window = {
    start: END - 10_000,
    end: END,
    pairs: Object.entries(sent).map(([remote, each]) => {
      return { local: '10.0.0.1', remote, from: END, to: END, sent: each, received: 0 };
    }),
    rest: { sent: 0, received: 0 },
    kernel: undefined,
    uncaptured: { sent: 0, received: 0 },
    overloaded: false,
    paused: undefined,
    miscounted: { sent: false, received: false },
  };
  return { pod, selection: 'selected', iface, window };
}

test('each interface of a pod has its totals, its remainder, and the peer that it had before', () => {
  const config = { node: 'n', interval: 10_000, peersPerPod: 1, peerDetail: 'pod' } as const;
  const builder = new RowBuilder(config, new Directory());
  builder.build(
    [windowOf('eth0', { [FAR]: 300, [NEAR]: 10 }), windowOf('net1', { [NEAR]: 70, [FAR]: 7 })],
    true,
  );
  // The other peer of each has 1.5 times the bytes now, which is not enough to take its place.
  const { rows } = builder.build(
    [windowOf('eth0', { [FAR]: 100, [NEAR]: 150 }), windowOf('net1', { [NEAR]: 40, [FAR]: 60 })],
    true,
  );
  const figures = rows.map((row) => {
    const [, iface] = /,interface=(\w+)/.exec(row) ?? [];
    const [, peer = 'all'] = /,peer=([^,]+)/.exec(row) ?? [];
    const [, sent] = /sent(?:Attributed|Bytes)=(\d+)i/.exec(row) ?? [];
    return `${iface} ${peer} ${sent}`;
  });
  assert.deepEqual(figures, [
    'eth0 198.51.100.0/24 100',
    'eth0 - 150',
    'eth0 all 250',
    'net1 192.0.2.0/24 40',
    'net1 - 60',
    'net1 all 100',
  ]);
});
