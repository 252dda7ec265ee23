import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPod } from '../../lib/kubernetes/records.ts';
import { addressesOf, belongsTo, locate, netnsOf } from '../../lib/linux/pod-netns.ts';
import { ProcessTable } from '../../lib/linux/process-table.ts';
import { LAYOUTS, ProcTree, recordedTree, recording } from './recordings.ts';

const UID = '1a1b4653-d770-4df6-a675-66c2db82ca95';
const cgroup = `0::/kubepods/pod${UID}/0\n`;
const pod = { cgroupUid: UID, ips: ['10.0.0.1'] };
const none = new Set<number>();

function trie(...addresses: string[]): string {
  return addresses.map((address) => `  |-- ${address}\n     /32 host LOCAL\n`).join('');
}

for (const layout of LAYOUTS) {
  test(`${layout}: each pod with a network of its own is in the namespace that it was recorded in`, (t) => {
    const tree = recordedTree(t, layout);
    const { pods, processes, host } = recording(layout);
    const found = new ProcessTable(tree.path).all();
    const inodes = new Set<number>();
    for (const object of pods) {
      const own = processes.filter((process) => process.pod === object);
      const local = localPod(object);
      if (!local || own.length === 0) continue;
      const netns = locate(
        tree.path,
        local,
        found.get(local.cgroupUid) ?? [],
        new Set([tree.inode(host)]),
      );
      assert.equal(netns?.inode, tree.inode(own[0]?.netns ?? ''), local.name);
      assert.equal(netns.pid, Math.min(...own.map(({ pid }) => pid)), 'its oldest process');
      inodes.add(netns.inode);
    }
    const networks = new Set(processes.map(({ netns }) => netns).filter((netns) => netns !== host));
    assert.equal(inodes.size, networks.size);
    assert.ok(inodes.size >= 10);
  });

  test(`${layout}: a pod on the host’s network is none to observe, and its processes lead nowhere`, (t) => {
    const tree = recordedTree(t, layout);
    const { pods, host } = recording(layout);
    const shared = pods.filter(({ spec }) => spec?.hostNetwork);
    assert.equal(shared.length, 2);
    for (const object of shared) {
      assert.equal(localPod(object), undefined);
      const uid = object.metadata?.uid ?? '';
      const pids = new ProcessTable(tree.path).all().get(uid) ?? [];
      assert.notEqual(pids.length, 0);
      const anywhere = { cgroupUid: uid, ips: [] };
      assert.equal(locate(tree.path, anywhere, pids, new Set([tree.inode(host)])), undefined);
    }
  });

  test(`${layout}: the recorded addresses of a pod’s network include the one that the API server reports`, (t) => {
    const tree = recordedTree(t, layout);
    for (const { pid, pod } of recording(layout).processes) {
      const addresses = addressesOf(tree.path, pid);
      if (pod.status?.podIP) assert.ok(addresses.has(pod.status.podIP));
      assert.ok(![...addresses].some((address) => /^127\.|^::1$/.test(address)));
      assert.ok([...addresses].some((address) => address.startsWith('fe80::')));
    }
  });
}

test('processes are found by pod, oldest first; what is no process is passed over', (t) => {
  const tree = new ProcTree(t);
  for (const pid of [30, 4, 200]) tree.add(pid, 'pod', { cgroup });
  tree.add(5, 'host', { cgroup: '0::/init.scope' });
  tree.add(6, 'host');
  assert.deepEqual([...new ProcessTable(tree.path).all()], [[UID, [4, 30, 200]]]);
});

test('a forbidden namespace is passed over for the pod’s other process', (t) => {
  const tree = new ProcTree(t);
  const files = { cgroup, net_fib_trie: trie('10.0.0.1') };
  tree.add(1, 'host', files);
  tree.add(2, 'own', files);
  tree.add(3, 'pod', files);
  const forbidden = new Set([tree.inode('host'), tree.inode('own')]);
  assert.deepEqual(locate(tree.path, pod, [1, 2, 3], forbidden), {
    inode: tree.inode('pod'),
    pid: 3,
  });
  assert.equal(locate(tree.path, pod, [1, 2], forbidden), undefined);
});

test('a namespace without any of the pod’s addresses is not the pod’s', (t) => {
  const tree = new ProcTree(t);
  tree.add(2, 'pod', { cgroup, net_fib_trie: trie('10.0.0.9', '127.0.0.1') });
  assert.equal(locate(tree.path, pod, [2], none), undefined);
  assert.equal(locate(tree.path, { ...pod, ips: ['127.0.0.1'] }, [2], none), undefined);
  assert.equal(locate(tree.path, { ...pod, ips: ['10.0.0.1', '10.0.0.9'] }, [2], none)?.pid, 2);
  assert.equal(locate(tree.path, { ...pod, ips: [] }, [2], none)?.pid, 2);
});

test('a process that is in another pod’s cgroup by now, or has gone, is not the pod’s', (t) => {
  const tree = new ProcTree(t);
  tree.add(2, 'pod', { cgroup: cgroup.replace('1a1b', 'ffff'), net_fib_trie: trie('10.0.0.1') });
  assert.equal(locate(tree.path, pod, [2, 99], none), undefined);
  assert.equal(belongsTo(tree.path, 2, UID), false);
  assert.equal(netnsOf(tree.path, 99), undefined);
});

test('IPv6 addresses are in the spelling of the API', (t) => {
  const tree = new ProcTree(t);
  tree.add(2, 'pod', {
    cgroup,
    net_if_inet6:
      'fd770000000000000000000000000002 04 40 00 80     eth0\n' +
      '20010db8000100000000000000a0000b 04 40 00 80     eth0\n' +
      '00000000000000000000000000000001 01 80 10 80       lo\n',
  });
  assert.deepEqual([...addressesOf(tree.path, 2)], ['fd77::2', '2001:db8:1::a0:b']);
  assert.equal(locate(tree.path, { ...pod, ips: ['fd77::2'] }, [2], none)?.pid, 2);
});
