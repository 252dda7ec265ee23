import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlowCounter, type FlowCounterOptions } from '../../../lib/bpf/flow-counter.ts';
import { whyNotBpf } from '../../../lib/bpf/probe.ts';
import { between } from '../../../lib/linux/interface-counters.ts';
import { offload } from '../../lab/network.ts';
import { kill } from '../../lab/shell.ts';
import { added, Counts, type Sum, TestNode, type TestPod } from './node.ts';

const ROOM = { flows: 60_000, flowsPerPod: 40_000, ports: false };
const PORT = 9000;
/** Bytes a second. */
const RATE = 20_000_000;
const SOME = 1_000_000;

let node: TestNode;
let a: TestPod;
let b: TestPod;
let counts: Counts;

async function start(options: FlowCounterOptions): Promise<void> {
  counts = new Counts(await FlowCounter.start(options));
}

async function during(seconds: number, ...traffic: readonly ReturnType<TestPod['traffic']>[]) {
  await sleep(seconds * 1000);
  await Promise.all(traffic.map((child) => kill(child, 'SIGKILL')));
}

/** Sends 300 packets by UDP that need seven fragments each. */
function fragments(peer: string): string {
  return `const socket = require('dgram').createSocket('udp${peer.includes(':') ? 6 : 4}');
  let left = 300;
  const next = () => left-- > 0 ? send() : socket.close();
  const send = () => socket.send(Buffer.alloc(9000), ${PORT}, '${peer}', () => setImmediate(next));
  next();`;
}

describe('what is counted', { skip: (await whyNotBpf()) ?? false }, () => {
  before(async () => {
    node = new TestNode();
    [a, b] = [await node.pod(), await node.pod()];
    await Promise.all([a.serve(PORT), b.serve(PORT)]);
  });

  after(() => node.end());

  beforeEach(() => start(ROOM));

  afterEach(() => counts.counter.end());

  for (const family of [0, 1] as const) {
    test(`TCP and UDP over IPv${family === 0 ? 4 : 6} in both directions`, async () => {
      const peer = b.ips[family] ?? '';
      const sum = await counts.exactly(a, () =>
        during(
          3,
          a.traffic('send', peer, PORT, RATE),
          a.traffic('fetch', peer, PORT, RATE),
          a.traffic('spray', PORT, SOME, peer),
        ),
      );
      const { sent, received } = sum.between(a.ips[family], peer);
      assert.ok(sent > SOME && received > SOME, `${sent} ${received}`);
      // Nobody but neighbours and groups beside them.
      assert.ok(sum.total.sent - sent < 10_000 && sum.total.received - received < 10_000);
    });
  }

  for (const ports of [false, true]) {
    test(`IP fragments ${ports ? 'by port' : 'by address'}`, async () => {
      await counts.counter.end();
      await start({ ...ROOM, ports });
      for (const [family, peer] of b.ips.entries()) {
        const sum = await counts.exactly(a, () => a.script(process.execPath, fragments(peer)));
        const { sent, sentPackets } = sum.between(a.ips[family], peer);
        assert.ok(sent > 300 * 9000 && sentPackets > 300 * 6);
        const found = sum.flows.filter(({ remote }) => remote === peer);
        const wanted = ports ? 17 : 0;
        assert.ok(found.some(({ protocol, port }) => protocol === wanted && port === 0));
        assert.ok(found.every(({ port }) => port === 0));
      }
    });
  }

  test('segments that the kernel makes because the interface does not', async () => {
    offload(a.sandbox.pid, false);
    const [peer = ''] = b.ips;
    const sum = await counts.exactly(a, () => during(3, a.traffic('send', peer, PORT, RATE)));
    offload(a.sandbox.pid, true);
    const { sent, sentPackets } = sum.between(a.ips[0], peer);
    assert.ok(sent > SOME && sent / sentPackets <= 1500);
  });

  test('what is not IP', async () => {
    // ETH_P_LOOPBACK, which nobody answers.
    const send = `socket(S, 17, 3, 0) or die; bind(S, pack("SSlSCCx8", 17, 0, 0 + $ARGV[0], 0, 0, 0)) or die $!;
    syswrite(S, pack("H12 H12 H4 a100", "ffffffffffff", "020000000009", "9000", "")) or die $! for 1..50;`;
    const { notIp } = await counts.exactly(a, () => a.script('perl', send, a.index));
    const { sent, sentPackets } = added(notIp);
    assert.ok(sentPackets >= 50 && sent >= 5000);
  });

  test('30 000 peers with room for 1 000, while another pod has room', async () => {
    await counts.counter.end();
    await start({ ...ROOM, flows: 2000, flowsPerPod: 1000 });
    const other = await counts.counter.attach(b.netns, 'eth0');
    const sum = await counts.exactly(a, async () => {
      await Promise.all([
        during(8, a.traffic('sweep', 10_000, 30_000)),
        sleep(3000).then(() => during(4, b.traffic('spray', PORT, 100_000, ...a.ips))),
      ]);
    });
    const peers = new Set(sum.flows.map(({ remote }) => remote));
    assert.ok(peers.size >= 1000 && peers.size <= 1050, `${peers.size}`);
    assert.ok(added(sum.full).sentPackets > 1000);
    const { full } = counts.of(other);
    assert.equal(added(full).sentPackets, 0);
    for (const [family, ip] of b.ips.entries())
      assert.ok(counts.of(other).between(ip, a.ips[family]).sent > 10_000);
  });

  test('drains under load lose nothing', async () => {
    let drains = 0;
    const sum = await counts.exactly(a, async () => {
      const load = [
        a.traffic('send', b.ips[0] ?? '', PORT, 10 * RATE),
        a.traffic('fetch', b.ips[1] ?? '', PORT, 10 * RATE),
        a.traffic('spray', PORT, 10 * SOME, ...b.ips),
      ];
      const end = performance.now() + 6000;
      for (; performance.now() < end; drains += 1) await counts.drain();
      await during(0, ...load);
    });
    assert.ok(drains > 20, `${drains}`);
    assert.ok(sum.total.sentPackets > 1000, `${sum.total.sentPackets}`);
  });

  test('two pods are told apart', async () => {
    const other = await counts.counter.attach(b.netns, 'eth0');
    const before = await counts.settle(b);
    const already = counts.of(other).total;
    const [local, remote] = [a.ips[0], b.ips[0] ?? ''];
    const sum = await counts.exactly(a, () => during(2, a.traffic('send', remote, PORT, RATE)));
    const own = counts.of(other);
    const after = await counts.settle(b);
    assert.deepEqual(added([already, between(before, after)]), own.total);
    const [there, here] = [sum.between(local, remote), own.between(remote, local)];
    assert.ok(there.sent > SOME);
    assert.deepEqual([here.sent, here.received], [there.received, there.sent]);
    assert.ok(own.flows.every((flow) => flow.local !== local));
  });

  test('ports: the declared one, or the lower one, or none', async () => {
    await counts.counter.end();
    await start({ ...ROOM, ports: true });
    const { counter } = counts;
    await Promise.all([b.serve(40_001), b.serve(50_001)]);
    counter.declare('tcp', 50_001, true);
    counter.declare('tcp', 40_001, true);
    counter.declare('tcp', 40_001, false);
    const [v4 = '', v6 = ''] = b.ips;
    const wanted = [`17 ${PORT} ${v4}`, `17 ${PORT} ${v6}`, `6 0 ${v4}`, `6 50001 ${v4}`];
    wanted.push(`6 ${PORT} ${v4}`, `6 ${PORT} ${v6}`);
    const found = (sum: Sum) =>
      sum.flows
        .filter(({ protocol, remote }) => protocol !== 58 && b.ips.includes(remote))
        .map(({ protocol, port, remote }) => `${protocol} ${port} ${remote}`);
    const sum = await counts.exactly(a, async (sum) => {
      const traffic = [
        ...[PORT, 40_001, 50_001].map((port) => a.traffic('send', v4, port, 100_000)),
        a.traffic('visit', v6, PORT, 100, 10),
        a.traffic('spray', PORT, 100_000, v4, v6),
      ];
      for (let left = 60; left > 0 && new Set(found(sum)).size < wanted.length; left -= 1) {
        await sleep(250);
        await counts.drain();
      }
      await during(0, ...traffic);
    });
    assert.deepEqual(new Set(found(sum)), new Set(wanted));
  });
});
