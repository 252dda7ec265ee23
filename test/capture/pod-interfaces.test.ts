import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CpuTime } from '../../lib/linux/cpu-time.ts';
import { Problems } from '../../daemon/log.ts';
import { PodInterfaces } from '../../lib/capture/pod-interfaces.ts';
import { StartLimiter } from '../../lib/capture/start-limiter.ts';
import { ProcTree } from '../linux/recordings.ts';

const DEV = ['eth0', 'net1'].map((name) => `  ${name}: ${'0 '.repeat(16)}\n`).join('');

for (const terminating of [false, true]) {
  const what = terminating ? 'is left alone where the pod is being deleted' : 'is replaced';
  test(`an interface that is down while another one is up ${what}`, (t) => {
    const tree = new ProcTree(t);
    tree.add(7, 'pod', { net_dev: DEV });
    writeFileSync(join(tree.path, '7/net/igmp'), '3\tnet1      : 1 V3\n');
    const said: string[] = [];
    const say = (_: object, what: string) => void said.push(what);
    const log = { debug: () => {}, info: say, warn: say, error: say };
    const named = { namespace: 'shop', name: 'web-0', workload: 'StatefulSet/web' };
    const pod = { uid: 'u', cgroupUid: 'u', ...named, ips: [], terminating };
    const owner = { pod, gone: false, since: performance.now(), left: () => {} };
    const interfaces = new PodInterfaces(owner, {
      proc: tree.path,
      cpu: new CpuTime('/proc', () => []),
      interfaces: ['eth0'],
      primary: 'eth0',
      own: false,
      starts: new StartLimiter(),
      log,
      problems: new Problems(log),
      reported: () => {},
      unparsed: () => {},
      restarted: () => {},
    });
    interfaces.renew({ inode: tree.inode('pod'), pid: 7 });
    const eth0 = interfaces.all.get('eth0');
    assert.ok(eth0);
    interfaces.refused(eth0, 'eth0 is not up');
    assert.deepEqual([...interfaces.all.keys()], terminating ? ['eth0'] : ['eth0', 'net1']);
    assert.equal(said.length, terminating ? 0 : 1);
  });
}
