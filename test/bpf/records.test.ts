import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addRecords, type PodCounts, totalOf } from '../../lib/bpf/records.ts';
import { record, V6 } from './making.ts';

const NOTHING = { sent: 0, sentPackets: 0, received: 0, receivedPackets: 0 };
const BYTES = { sent: 100, sentPackets: 1, received: 200, receivedPackets: 2 };

function read(...records: readonly Buffer[]): PodCounts {
  const pods: PodCounts = new Map();
  assert.ok(addRecords(pods, Buffer.concat(records)));
  return pods;
}

test('flows have the addresses as they are spelt everywhere', () => {
  const pods = read(
    record({}),
    record({ local: V6.a, remote: V6.b, protocol: 6, port: 443 }),
    record({ pod: 8, local: '0'.repeat(32), remote: `${'0'.repeat(31)}1` }),
  );
  assert.deepEqual(pods.get(7)?.flows, [
    { local: '10.244.0.1', remote: '198.18.0.1', protocol: 0, port: 0, ...BYTES },
    { local: 'fd00:10:244::10', remote: '2001:db8:0:0:1::', protocol: 6, port: 443, ...BYTES },
  ]);
  assert.deepEqual(
    pods.get(8)?.flows.map(({ local, remote }) => [local, remote]),
    [['::', '::1']],
  );
});

test('each packet is in a flow, not IP, or without room', () => {
  const count = read(record({}), record({ kind: 1 }), record({ kind: 2 }), record({ kind: 3 }));
  const pod = count.get(7);
  assert.ok(pod);
  assert.deepEqual([pod.notIp, pod.full], [BYTES, BYTES]);
  assert.deepEqual(totalOf(pod), {
    sent: 300,
    sentPackets: 3,
    received: 600,
    receivedPackets: 6,
  });
  assert.deepEqual(read(record({ kind: 1 })).get(7), { flows: [], notIp: BYTES, full: NOTHING });
});

test('how many flows all pods have is no pod', () => {
  assert.equal(read(record({ pod: 0xffff_ffff, kind: 3 })).size, 0);
});

test('what no helper would print is refused', () => {
  for (const wrong of [
    record({ kind: 4 }),
    record({ pod: 0xffff_ffff }),
    record({ counts: [2n ** 53n, 1n, 1n, 1n] }),
    record({ counts: [1n, 1n, 1n, 2n ** 64n - 1n] }),
  ])
    assert.equal(addRecords(new Map(), wrong), false);
});
