import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { BpfError, FlowCounter } from '../../../lib/bpf/flow-counter.ts';
import { FrameReader } from '../../../lib/bpf/frames.ts';
import { whyNotBpf } from '../../../lib/bpf/probe.ts';
import { between, parseNetDev, UNUSED } from '../../../lib/linux/interface-counters.ts';
import { until } from '../../lab/influx.ts';
import { processesNamed } from '../../lab/processes.ts';
import { kill } from '../../lab/shell.ts';
import { Counts, TestNode, type TestPod } from './node.ts';

const ROOM = { flows: 1000, flowsPerPod: 1000, ports: false };
const LIB = join(import.meta.dirname, '../../../lib/bpf');
const HELPER = join(LIB, 'nstats-bpf');
const PORT = 9000;
/** CAP_NET_RAW, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF. */
const KEPT = '000000c000282000';

let node: TestNode;
let peer: TestPod;

async function start(t: TestContext): Promise<FlowCounter> {
  const counter = await FlowCounter.start(ROOM);
  t.after(() => counter.end());
  return counter;
}

describe('the helper and what it counts', { skip: (await whyNotBpf()) ?? false }, () => {
  before(async () => {
    node = new TestNode();
    peer = await node.pod();
    await peer.serve(PORT);
  });

  after(async () => {
    await node.end();
    assert.equal(processesNamed('nstats-bpf').length, 0);
  });

  test('the helper has a user of its own and few rights', async (t) => {
    const counter = await start(t);
    const [helper] = processesNamed('nstats-bpf');
    assert.equal(helper?.pid, counter.pid);
    assert.match(
      `${helper?.['Uid']} ${helper?.['Gid']}`,
      /^65520\s+65520\s+65520\s+65520\s+65520\b/,
    );
    assert.deepEqual([helper?.['CapPrm'], helper?.['CapEff']], [KEPT, KEPT]);
    assert.deepEqual([helper?.['CapInh'], helper?.['NoNewPrivs']], ['0000000000000000', '1']);
  });

  test('a pod that is cut off while it sends: all of it is in the next drain', async (t) => {
    const pod = await node.pod();
    const counts = new Counts(await start(t));
    const counted = await counts.counter.attach(pod.netns, 'eth0');
    const before = await counts.settle(pod);
    const already = counts.of(counted).total;
    const traffic = [
      pod.traffic('send', peer.ips[0] ?? '', PORT, 20_000_000),
      pod.traffic('spray', PORT, 1_000_000, ...peer.ips),
    ];
    await until(() => between(before, pod.sandbox.counters()).sent > 5_000_000, 'traffic');
    const last = between(before, pod.sandbox.counters());
    node.cut(pod);
    assert.match(await counted.ended, /network is down|no such device/);
    await counts.drain();
    const { sent, received } = counts.of(counted).total;
    assert.ok(sent - already.sent >= last.sent && received - already.received >= last.received);
    await counts.drain();
    assert.equal(counts.of(counted).total.sent, sent);
    await Promise.all(traffic.map((child) => kill(child, 'SIGKILL')));
  });

  test('what passes before a pod is counted is in the counters that are told with it, however long that takes', async (t) => {
    const pod = await node.pod();
    const counts = new Counts(await start(t));
    const { counter } = counts;
    const traffic = pod.traffic('send', peer.ips[0] ?? '', PORT, 20_000_000);
    const passed = () => between(UNUSED, pod.sandbox.counters()).sent;
    process.kill(counter.pid ?? assert.fail(), 'SIGSTOP');
    const attached = counter.attach(pod.netns, 'eth0');
    await until(() => passed() > 5_000_000, 'traffic');
    process.kill(counter.pid ?? assert.fail(), 'SIGCONT');
    const counted = await attached;
    const begin = parseNetDev(counted.netDev, 'eth0') ?? assert.fail(counted.netDev);
    assert.ok(between(UNUSED, begin).sent > 5_000_000);
    await until(() => passed() > 10_000_000, 'more traffic');
    await kill(traffic, 'SIGKILL');
    await counts.settle(pod);
    const { sent } = counts.of(counted).total;
    const least = between(begin, pod.sandbox.counters()).sent;
    // A few packets may pass between the reading and the first that is counted.
    assert.ok(sent <= least && sent > least - 2_000_000, `${sent} of ${least}`);
  });

  test('what is detached is counted no more, and its number is free for another', async (t) => {
    const counts = new Counts(await start(t));
    const { counter } = counts;
    const pod = await node.pod();
    for (let turn = 0; turn < 3; turn += 1) {
      const counted = await counter.attach(pod.netns, 'eth0');
      await counts.settle(pod);
      const traffic = pod.traffic('send', peer.ips[0] ?? '', PORT, 1_000_000);
      const sent = () => pod.sandbox.counters().sentBytes;
      const from = sent();
      await until(() => sent() > from + 100_000, 'traffic');
      counter.detach(counted);
      counter.detach(counted);
      assert.equal(await counted.ended, 'detach');
      await counts.drain();
      const { total } = counts.of(counted);
      assert.ok(total.sent > 50_000);
      const then = sent();
      await until(() => sent() > then + 100_000, 'traffic');
      await counts.drain();
      assert.deepEqual(counts.of(counted).total, total);
      await kill(traffic, 'SIGKILL');
    }
  });

  test('what cannot be attached is said, and stops nothing else', async (t) => {
    const counts = new Counts(await start(t));
    const { counter } = counts;
    const pod = await node.pod();
    const { pid, inode } = pod.netns;
    for (const [netns, iface, why] of [
      [{ pid, inode }, 'eth9', /^cannot find the interface: no such device \(ENODEV\)$/],
      [{ pid, inode: inode + 1 }, 'eth0', /^cannot open the network namespace: .*\(ESRCH\)$/],
      [{ pid: 2 ** 22, inode }, 'eth0', /^cannot open the network namespace: .*\(ENOENT\)$/],
      [{ pid, inode }, 'eth 0', /^"eth 0" is no interface$/],
    ] as const) {
      await assert.rejects(counter.attach(netns, iface), (error: BpfError) => {
        assert.equal(error.code, 'ERR_BPF_ATTACH');
        assert.match(error.message, why);
        return true;
      });
    }
    const counted = await counter.attach(pod.netns, 'eth0');
    await assert.doesNotReject(counts.settle(pod));
    counter.detach(counted);
  });

  test('whoever waits for a helper that is killed hears of it', async (t) => {
    const counter = await start(t);
    const counted = await counter.attach(peer.netns, 'eth0');
    const drain = counter.drain().then(() => counter.drain());
    process.kill(counter.pid ?? 0, 'SIGKILL');
    await assert.rejects(drain, { code: 'ERR_BPF_ENDED', message: /SIGKILL/ });
    assert.match(await counted.ended, /SIGKILL/);
    assert.match(await counter.ended, /SIGKILL/);
    await assert.rejects(counter.attach(peer.netns, 'eth0'), { code: 'ERR_BPF_ENDED' });
  });

  test('the helper does not outlive whoever started it', async () => {
    const script = `import { FlowCounter } from '${LIB}/flow-counter.ts';
    await FlowCounter.start(${JSON.stringify(ROOM)}); console.log('ready');`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(parent.stdout, 'data');
    assert.equal(processesNamed('nstats-bpf').length, 1);
    await kill(parent, 'SIGKILL');
    await until(() => processesNamed('nstats-bpf').length === 0, 'its end');
  });

  test('it ends with its stdin', () => {
    const { status, stdout } = spawnSync(HELPER, ['1', '1', 'ports'], { input: 'drain\n' });
    assert.equal(status, 0);
    const frames = new FrameReader().push(stdout);
    assert.deepEqual(
      frames.map(({ type }) => type),
      ['ready', 'drained'],
    );
  });

  for (const line of [
    '',
    ' ',
    'drain ',
    'Drain',
    'drain\0',
    'detach',
    'detach 1024',
    'detach -1',
    'detach 1 2',
    'detach 99999999999999999999999',
    'port tcp 80 maybe',
    'port icmp 80 on',
    'port tcp 65536 on',
    'attach 0 self 0',
    'attach 0 self 0 ',
    'attach 0 self 0 sixteencharacter',
    'attach 0 self 0 eth0 eth1',
    'attach 0 ../../self 0 eth0',
    'attach 0 self 99999999999999999999 eth0',
    'attach 1024 self 0 eth0',
    'x'.repeat(128),
    'x'.repeat(5000),
  ]) {
    test(`refuses ${JSON.stringify(line.slice(0, 50))}`, () => {
      const { status, stdout } = spawnSync(HELPER, ['1', '1', 'ports'], {
        input: `${line}\ndrain\n`,
      });
      assert.equal(status, 1);
      const frames = new FrameReader().push(stdout);
      assert.deepEqual(
        frames.map(({ type }) => type),
        ['ready', 'fatal'],
      );
      assert.match(JSON.stringify(frames[1]), /malformed|out of range|unknown word/);
    });
  }

  test('refuses a number that is in use', () => {
    const { status, stdout } = spawnSync(HELPER, ['1', '1', 'ports'], {
      input: 'attach 7 self 0 lo\nattach 7 self 0 lo\n',
    });
    assert.equal(status, 1);
    assert.match(JSON.stringify(new FrameReader().push(stdout)), /the number of the pod is in use/);
  });

  const own = ['ready', 'attached', 'ended', 'drained'];
  for (const [who, kept, expected] of [
    ['someone without rights', '', ['fatal']],
    ['someone who may not capture', ',+bpf,+perfmon', ['fatal']],
    ['a sidecar', ',+bpf,+net_raw', own],
    ['a sidecar before Linux 5.8', ',+sys_admin,+net_raw', own],
    [
      'the agent',
      ',+sys_admin,+sys_ptrace,+net_raw,+setuid,+setgid,+setpcap,+kill',
      ['ready', 'attached', 'attached', 'drained'],
    ],
  ] as const) {
    test(`what it may do for ${who}`, () => {
      const { pid, inode } = peer.netns;
      const input = `attach 0 self 0 lo\nattach 1 ${pid} ${inode} eth0\ndrain\n`;
      const rights = ['--inh-caps=-all', `--bounding-set=-all${kept}`];
      const { stdout } = spawnSync('setpriv', [...rights, HELPER, '9', '9', 'ports'], { input });
      const types = new FrameReader().push(stdout).map(({ type }) => type);
      assert.deepEqual(
        types.filter((type) => type !== 'records'),
        expected,
      );
    });
  }
});
