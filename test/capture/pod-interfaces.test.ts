import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PodInterfaces } from '../../lib/capture/pod-interfaces.ts';
import { ProcTree } from '../linux/recordings.ts';
import { fakeCaptures, POD } from './fake-source.ts';

const DEV = ['eth0', 'net1'].map((name) => `  ${name}: ${'0 '.repeat(16)}\n`).join('');

for (const terminating of [false, true]) {
  const what = terminating ? 'is left alone where the pod is being deleted' : 'is replaced';
  test(`an interface that is down while another one is up ${what}`, async (t) => {
    const tree = new ProcTree(t);
    tree.add(7, 'pod', { net_dev: DEV });
    writeFileSync(join(tree.path, '7/net/igmp'), '3\tnet1      : 1 V3\n');
    const { options, sources, said } = fakeCaptures(tree.path);
    const owner = {
      pod: { ...POD, terminating },
      selection: 'selected' as const,
      gone: false,
      since: performance.now(),
    };
    const interfaces = new PodInterfaces(owner, options);
    interfaces.capture({ inode: tree.inode('pod'), pid: 7 });
    await sources[0]?.end('refused');
    const names = interfaces.all.map(({ name }) => name);
    assert.deepEqual(names, terminating ? ['eth0'] : ['eth0', 'net1']);
    assert.equal(said.length, terminating ? 0 : 1);
  });
}
