import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { mergeByName } from '../../lib/accounting/merge.ts';
import type { LocalPod, Window } from '../../lib/model.ts';
import { add, bytesOf, COUNTED, kernels, NOTHING, pairs, someBytes } from './making.ts';

const phoenix: LocalPod = {
  uid: '1',
  cgroupUid: '1',
  namespace: 'data',
  name: 'db-0',
  workload: 'StatefulSet/db',
  ips: ['10.0.0.1'],
};

const sound = {
  miscounted: COUNTED,
  uncaptured: NOTHING,
  overloaded: false,
  paused: undefined,
};

/** The window of two pods of one name. */
function merge(a: Window, b: Window): Window {
  const [merged, ...others] = mergeByName([
    { pod: phoenix, iface: 'eth0', window: a },
    { pod: { ...phoenix, uid: '2', ips: ['10.0.0.2'] }, iface: 'eth0', window: b },
  ]);
  assert.ok(merged && others.length === 0);
  assert.deepEqual(merged.pod.ips, ['10.0.0.1', '10.0.0.2']);
  return merged.window;
}

const windows: fc.Arbitrary<Window> = fc.record({
  start: fc.nat(10_000),
  end: fc.integer({ min: 10_000, max: 20_000 }),
  pairs,
  rest: someBytes,
  kernel: fc.option(kernels, { nil: undefined }),
  miscounted: fc.record({ sent: fc.boolean(), received: fc.boolean() }),
  uncaptured: someBytes,
  overloaded: fc.boolean(),
  paused: fc.option(someBytes, { nil: undefined }),
});

test('two windows as one have all bytes of both, by iftop and by the kernel', () => {
  fc.assert(
    fc.property(windows, windows, (a, b) => {
      const merged = merge(a, b);
      assert.deepEqual(bytesOf([merged]), bytesOf([a, b]));
      const known = [a, b].flatMap(({ kernel }) => kernel ?? []);
      const { sent, received } = merged.kernel ?? NOTHING;
      assert.deepEqual({ sent, received }, add(known));
      assert.deepEqual(merged.uncaptured, add([a.uncaptured, b.uncaptured]));
      for (const direction of ['sent', 'received'] as const)
        assert.equal(
          merged.miscounted[direction],
          a.miscounted[direction] || b.miscounted[direction],
        );
      assert.equal(merged.overloaded, a.overloaded || b.overloaded);
      const paused = [a, b].flatMap((one) => one.paused ?? []);
      assert.equal(merged.paused !== undefined, paused.length > 0);
      assert.deepEqual({ ...(merged.paused ?? NOTHING) }, add(paused));
      assert.equal(merged.kernel === undefined, known.length === 0);
    }),
  );
});

test('it lasts from the first start to the last end', () => {
  const empty = { pairs: [], rest: NOTHING, kernel: undefined, ...sound };
  const { start, end } = merge({ start: 5, end: 10, ...empty }, { start: 0, end: 7, ...empty });
  assert.deepEqual([start, end], [0, 10]);
});

test('packets are added up too', () => {
  const kernel = { sent: 1, received: 2, sentPackets: 3, receivedPackets: 4 };
  const one = { start: 0, end: 1, pairs: [], rest: NOTHING, kernel, ...sound };
  assert.deepEqual(merge(one, one).kernel, {
    sent: 2,
    received: 4,
    sentPackets: 6,
    receivedPackets: 8,
  });
});

test('pods of other names, or of other workloads, and other interfaces stay apart', () => {
  const window = { start: 0, end: 1, pairs: [], rest: NOTHING, kernel: undefined, ...sound };
  const pods = [phoenix, { ...phoenix, name: 'db-1' }, { ...phoenix, workload: 'Pod/db-0' }];
  const closed = pods.flatMap((pod) =>
    ['eth0', 'net1', 'eth0'].map((iface) => ({ pod, iface, window })),
  );
  const merged = mergeByName(closed);
  assert.deepEqual(
    merged.map(({ pod, iface }) => `${pod.workload} ${pod.name} ${iface}`),
    pods.flatMap(({ workload, name }) => [`${workload} ${name} eth0`, `${workload} ${name} net1`]),
  );
});
