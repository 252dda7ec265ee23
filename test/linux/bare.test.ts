import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { absentFrom } from '../../lib/linux/bare-netns.ts';
import { ProcTree } from './recordings.ts';

const pod = { ips: ['10.0.0.1', 'fd00::1'] };

/** The addresses that iftop gets for each interface, in a namespace without addresses in which these interfaces are up. */
function absent(context: TestContext, primary: string, ...up: readonly string[]) {
  const tree = new ProcTree(context);
  tree.add(7, 'pod', {});
  const lines = up.map((name, index) => `${index + 2}\t${name.padEnd(10)}: 1 V3\n`);
  writeFileSync(join(tree.path, '7/net/igmp'), lines.join(''));
  return up.map((iface) => absentFrom(tree.path, 7, iface, { ...pod, primary }));
}

test('addresses that a namespace has not are those of the interface of the pod’s own network alone', (t) => {
  assert.deepEqual(absent(t, 'eth0', 'eth0', 'net1'), [pod.ips, []]);
  assert.deepEqual(absent(t, 'net1', 'eth0', 'net1'), [pod.ips, []], 'eth0 is not captured');
  assert.deepEqual(absent(t, 'ens5', 'ens5', 'net1'), [pod.ips, []], 'there is no eth0');
});
