import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { continued, isAfter, parseNetDev, readNetDev } from '../../lib/linux/interface-counters.ts';
import { netnsOf } from '../../lib/linux/pod-netns.ts';
import type { Counters } from '../../lib/model.ts';
import { until } from '../lab/influx.ts';
import { ip, Processes } from '../lab/shell.ts';

const PAIRS = 10;
const processes = new Processes();

after(() => processes.end());

test('counters never go back while the kernel removes a veth pair', async (t) => {
  const command = 'echo ready; exec sleep infinity';
  const pause = processes.start('unshare', ['--net', 'sh', '-c', command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (pause.stdout) await once(pause.stdout, 'data');
  const pid = pause.pid ?? 0;
  const inode = netnsOf('/proc', pid) ?? 0;
  const read = () => parseNetDev(readNetDev('/proc', inode, [pid]) ?? '', 'eth0');
  let parted = 0;
  for (let index = 0; index < PAIRS; index += 1) {
    ip([`link add veth${index} type veth peer name eth0 netns ${pid}`, `link set veth${index} up`]);
    ip(['link set eth0 up'], pid);
    // IPv6 sends by itself, in both directions.
    const isUsed = () => [read()?.sentPackets, read()?.receivedPackets].every((packets) => packets);
    await until(isUsed, 'packets in both directions');
    const removed = processes.start('ip', ['link', 'delete', `veth${index}`], { stdio: 'inherit' });
    let latest: Counters | undefined;
    for (let now = read(); now; now = read()) {
      if (latest && !isAfter(now, latest)) parted += 1;
      now = continued(now, latest);
      assert.ok(!latest || isAfter(now, latest), JSON.stringify({ latest, now }));
      latest = now;
    }
    if (removed.exitCode === null) await once(removed, 'exit');
  }
  t.diagnostic(`${parted} readings lacked what had been received`);
});
