import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { attribute, keyOf } from '../../lib/naming/attribute.ts';
import { nameless } from '../../lib/naming/directory.ts';
import { add, pairs } from '../accounting/making.ts';

const pod = { ips: ['10.0.0.1', 'fd00::1'] };
const span = { from: 0, to: 1000 };
const one = { local: '10.0.0.1', remote: '10.0.1.1', sent: 300, received: 20, ...span };

/** Every address under its own name. */
function byAddress(address: string) {
  return nameless('external', address);
}

test('no byte is lost or added, whichever peers share a name or a port', () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 8 }), (pairs, names) => {
      const edges = attribute(pod, { pairs }, (address) =>
        nameless('external', `${Number(address.split('.')[3]) % names}`),
      );
      assert.deepEqual(add(edges), add(pairs));
      assert.equal(new Set(edges.map(keyOf)).size, edges.length);
      for (const one of ['none', '53/udp', '443/tcp']) {
        const isOf = ({ port = 'none' }: { readonly port?: string }) => port === one;
        assert.deepEqual(add(edges.filter(isOf)), add(pairs.filter(isOf)), one);
      }
      for (const { sent, received } of edges) assert.ok(sent + received > 0);
    }),
  );
});

test('a pair is named by who had the address while its bytes passed', () => {
  attribute(pod, { pairs: [{ ...one, from: 7, to: 9 }] }, (...what) => {
    assert.deepEqual(what, ['10.0.1.1', 7, 9]);
    return byAddress(what[0]);
  });
});

test('bytes become whole only when those of a peer have been added up', () => {
  const parts = [0.4, 0.4, 0.4].map((sent) => ({ ...one, sent, received: 0.1 }));
  const [edge, ...others] = attribute(pod, { pairs: parts }, byAddress);
  assert.deepEqual([edge?.sent, edge?.received, others], [1, 0, []]);
});

test('a pair with the pod’s address at the far end is turned round', () => {
  const turned = { local: '10.0.1.1', remote: 'fd00::1', sent: 300, received: 20, ...span };
  const [edge] = attribute(pod, { pairs: [turned] }, byAddress);
  assert.deepEqual([edge?.peer.name, edge?.sent, edge?.received], ['10.0.1.1', 20, 300]);
});

test('both directions of a device without a hardware address make one edge', () => {
  const back = { local: '10.0.1.1', remote: '10.0.0.1', sent: 50, received: 0, ...span };
  const edges = attribute(pod, { pairs: [{ ...one, received: 0 }, back] }, byAddress);
  assert.deepEqual(edges, [{ peer: byAddress('10.0.1.1'), sent: 300, received: 50 }]);
});

test('a pair is left as it is when both ends are the pod’s, or none, or its addresses are unknown', () => {
  const own = { ...one, remote: 'fd00::1' };
  const group = { ...one, local: 'ff02::16', remote: 'fe80::2' };
  for (const [ips, pair] of [
    [pod.ips, own],
    [pod.ips, group],
    [[], one],
  ] as const) {
    const [edge] = attribute({ ips }, { pairs: [pair] }, byAddress);
    assert.deepEqual([edge?.peer.name, edge?.sent, edge?.received], [pair.remote, 300, 20]);
  }
});

test('peers that differ in any part of their name are kept apart', () => {
  const names = [
    { kind: 'pod', namespace: 'a', name: 'x', workload: 'Pod/x', zone: 'z' },
    { kind: 'service', namespace: 'a', name: 'x', workload: 'Pod/x', zone: 'z' },
    { kind: 'pod', namespace: 'b', name: 'x', workload: 'Pod/x', zone: 'z' },
    { kind: 'pod', namespace: 'a', name: 'y', workload: 'Pod/x', zone: 'z' },
    { kind: 'pod', namespace: 'a', name: 'x', workload: 'Pod/y', zone: 'z' },
    { kind: 'pod', namespace: 'a', name: 'x', workload: 'Pod/x', zone: 'y' },
    { kind: 'pod', namespace: 'a', name: 'x', workload: 'Pod/x', zone: 'z', scope: 'zone' },
  ] as const;
  const peers = names.map((name) => ({ scope: '-', ...name }) as const);
  const all = peers.map((_, at) => ({ ...one, remote: `10.0.1.${at}` }));
  const edges = attribute(
    pod,
    { pairs: all },
    (address) => peers[Number(address.slice(7))] ?? assert.fail(),
  );
  assert.deepEqual(
    edges.map(({ peer }) => peer),
    peers,
  );
});
