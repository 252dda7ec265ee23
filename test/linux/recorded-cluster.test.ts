import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import { localPod } from '../../lib/kubernetes/records.ts';
import { locate, netnsOf } from '../../lib/linux/pod-netns.ts';
import { ProcessTable } from '../../lib/linux/process-table.ts';
import { objects } from '../kubernetes/recorded.ts';
import { LAYOUTS, recordedTree, recording } from './recordings.ts';

type Layout = (typeof LAYOUTS)[number];

/** What the API tells of the node's pods: the one with cgroups v1 is the node of the recorded lists. */
function told(layout: Layout): readonly KubernetesObject[] {
  return layout === 'cgroupfs-v1' ? objects('pods') : recording(layout).pods;
}

const COMMON = [
  'crash',
  'db-0',
  'guaranteed',
  'hostport',
  'noimage',
  'spy',
  'static-web-vm',
  'two',
];
/** The other pods that the API tells of had no process in a network of their own. */
const WITH_A_NETWORK: Readonly<Record<Layout, readonly string[]>> = {
  'cgroupfs-v1': [...COMMON, 'web-6cd5976f84-2n5b8', 'web-6cd5976f84-qswtp'],
  'systemd-v2': [
    ...COMMON,
    'failed',
    'once-jhmrt',
    'tick-29921722-rm78n',
    'web-6cd5976f84-2j6lv',
    'web-6cd5976f84-d4vxz',
  ],
};

for (const layout of LAYOUTS) {
  test(`${layout}: the pods that are found are those of the recorded cluster`, (t) => {
    const tree = recordedTree(t, layout);
    const forbidden = new Set(['self', 1].map((pid) => netnsOf(tree.path, pid) ?? 0));
    const processes = new ProcessTable(tree.path).all();
    const found = new Map<string, number>();
    for (const object of told(layout)) {
      const pod = localPod(object);
      const netns = pod && locate(tree.path, pod, processes.get(pod.cgroupUid) ?? [], forbidden);
      if (netns) found.set(pod.name, netns.inode);
    }
    assert.deepEqual([...found.keys()].toSorted(), WITH_A_NETWORK[layout].toSorted());
    assert.equal(new Set(found.values()).size, found.size, 'each in a namespace of its own');
  });

  test(`${layout}: every process of a pod is one that the API tells of`, (t) => {
    const pods = told(layout);
    const processes = new ProcessTable(recordedTree(t, layout).path).all();
    const own = new Set(pods.map((pod) => localPod(pod)?.cgroupUid));
    const shared = pods.filter(({ spec }) => spec?.hostNetwork);
    const others = [...processes.keys()].filter((uid) => !own.has(uid));
    const uids = shared.map(({ metadata }) => metadata?.uid ?? '');
    assert.deepEqual(others.toSorted(), uids.toSorted(), 'or of a pod on the host’s network');
    assert.equal(others.length, 2);
  });

  test(`${layout}: a static pod’s processes bear its manifest’s hash, not its UID`, (t) => {
    const pod = told(layout).find(({ metadata }) => metadata?.name === 'static-web-vm');
    const { cgroupUid, uid } = (pod && localPod(pod)) ?? {};
    const processes = new ProcessTable(recordedTree(t, layout).path).all();
    assert.ok(cgroupUid && uid);
    assert.match(cgroupUid, /^[0-9a-f]{32}$/);
    assert.equal(processes.get(cgroupUid)?.length, 2);
    assert.equal(processes.has(uid), false);
  });
}
