import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test, type TestContext } from 'node:test';
import type { LocalPod } from '../../lib/model.ts';
import { readNetDev } from '../../lib/linux/interface-counters.ts';
import { NetnsGoneError, openNetns } from '../../lib/linux/netns-exec.ts';
import { locate } from '../../lib/linux/pod-netns.ts';
import { ProcessTable } from '../../lib/linux/process-table.ts';
import { ProcTree } from './recordings.ts';

const UID = '6f1f4f0e-1a2b-4c3d-8e9f-001122334455';
const HOSTILE = ['../../etc', '/etc/passwd', '$(id)', '`id`', '-n', '', '\0', 'x'.repeat(100_000)];

/** The paths that the file system is asked for while a test lasts. */
function asked(context: TestContext): readonly unknown[] {
  const paths: unknown[] = [];
  for (const name of ['openSync', 'readFileSync', 'readdirSync', 'statSync'] as const) {
    const method = fs[name] as (...args: unknown[]) => unknown;
    context.mock.method(fs, name, (...args: unknown[]) => {
      paths.push(args[0]);
      return method(...args);
    });
  }
  syncBuiltinESMExports();
  context.after(() => {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return paths;
}

test('what a pod is called is in no path that is opened for it', (t) => {
  const tree = new ProcTree(t);
  tree.add(7, 'pod', { cgroup: `0::/kubepods/pod${UID}/abc\n`, net_dev: '', net_fib_trie: '' });
  for (const [pid, hostile] of HOSTILE.entries())
    tree.add(100 + pid, 'pod', { cgroup: `0::/kubepods/pod${hostile}/${hostile}\n` });
  const paths = asked(t);
  const found = new ProcessTable(tree.path).all();
  assert.deepEqual([...found], [[UID, [7]]]);
  for (const text of HOSTILE) {
    const pod: LocalPod = {
      uid: text,
      cgroupUid: text,
      namespace: text,
      name: text,
      workload: text,
      ips: [text],
    };
    const pids = [7, ...HOSTILE.keys().map((pid) => 100 + pid)];
    assert.equal(found.get(pod.cgroupUid), undefined);
    assert.equal(locate(tree.path, { ...pod, ips: [] }, pids, new Set()), undefined);
    assert.equal(locate(tree.path, pod, pids, new Set()), undefined);
    const netns = { pid: 7, inode: tree.inode('pod') };
    assert.throws(() => openNetns(tree.path, netns, pod.cgroupUid), NetnsGoneError);
    readNetDev(tree.path, netns.inode, [7]);
  }
  const inside = paths.map((path) => String(path).slice(tree.path.length));
  assert.ok(inside.length > 100);
  for (const path of inside.filter((each) => !each.startsWith('/namespaces/')))
    assert.match(path, /^$|^\/loadavg$|^\/\d+\/(?:cgroup|ns\/net|net\/(?:dev|fib_trie|if_inet6))$/);
});
