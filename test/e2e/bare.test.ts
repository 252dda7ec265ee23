import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../../lib/linux/interface-counters.ts';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { assertClose, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Bytes a second of each family. */
const SENT = { v4: 200_000, v6: 100_000 };
const RECEIVED = 50_000;
const ANOTHER = '02:00:5e:10:00:01';

let lab: Lab;
let peer: Pod;

before(async () => {
  lab = await createLab();
  peer = await lab.pod({
    namespace: 'lab',
    name: 'peer',
    ips: ['10.244.0.200', 'fd00:10:244::200'],
  });
  await peer.serve(9000);
});

after(() => lab.end());

for (const [name, bare, host] of [
  ['its own hardware address', true, 10],
  ['another hardware address', ANOTHER, 20],
] as const) {
  describe(`a pod without an address on its interface whose packets bear ${name}`, () => {
    test('is found, with what it sends and what it receives the right way round', async () => {
      const ips = [`10.244.0.${host}`, `fd00:10:244::${host}`];
      const pod = await lab.pod({ namespace: 'lab', name: `bare-${host}`, ips, bare });
      // gVisor's file server is in a namespace of its own, with nothing in it.
      pod.sandbox.run(['unshare', '--net', 'sleep', 'infinity']);
      const daemon = lab.daemon({ INTERVAL: '5s' });
      await lab.captures(2);
      const before = pod.sandbox.counters();
      const traffic = [
        pod.raw('10.244.0.200', SENT.v4),
        pod.raw('fd00:10:244::200', SENT.v6),
        ...ips.map((ip) => peer.traffic('spray', 9000, RECEIVED, ip)),
      ];
      await sleep(8000);
      await Promise.all(traffic.map((child) => kill(child, 'SIGKILL')));
      const kernel = between(before, pod.sandbox.counters());
      // Until all has been reported: an agent that ends does not wait for that.
      await sleep(5000);
      assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
      await pod.remove();
      const rows = await lab.influx.query(`SELECT * FROM nstat WHERE pod = 'bare-${host}'`);
      // What the peer's kernel says to its neighbours by itself is counted in the kernel, and ignored by iftop.
      const peers = new Set(rows.map((row) => row['peer']));
      for (const silent of ['link-local', 'multicast']) peers.delete(silent);
      assert.deepEqual([...peers], ['peer']);
      assert.ok(kernel.sent > 2 * kernel.received, 'the directions differ');
      assertClose(sum(rows, 'sentBytes'), kernel.sent, 0.02);
      assertClose(sum(rows, 'receivedBytes'), kernel.received, 0.02);
    });
  });
}
