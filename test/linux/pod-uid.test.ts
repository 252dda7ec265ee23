import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { localPod } from '../../lib/kubernetes/records.ts';
import { podUid } from '../../lib/linux/pod-netns.ts';
import { LAYOUTS, recording } from './recordings.ts';

const UID = '1a1b4653-d770-4df6-a675-66c2db82ca95';
const BARE = UID.replaceAll('-', '_');
const OTHER = 'b5a48151-b85d-4501-821f-e9a441d1efe1';
const HASH = 'c1b2c7e79333c7beb0123a140e088026';
const ID = 'fee8dd7b86a122db498a8d9f2fba57caa289e47e5a0aa1ab3384d9892c4f51b4';

for (const layout of LAYOUTS) {
  test(`${layout}: every recorded process belongs to its pod`, () => {
    const { processes } = recording(layout);
    assert.ok(processes.length > 20);
    for (const { pod, files } of processes) {
      const own = { ...pod, spec: { ...pod.spec, hostNetwork: false }, status: {} };
      assert.equal(podUid(files.cgroup), localPod(own)?.cgroupUid);
    }
  });
}

const table: readonly [what: string, cgroup: string, uid: string | undefined][] = [
  ['cgroupfs driver', `0::/kubepods/burstable/pod${UID}/${ID}`, UID],
  ['cgroupfs driver, v1', `12:pids:/kubepods/besteffort/pod${UID}/${ID}\n0::/\n`, UID],
  [
    'v1 whose first lines are elsewhere',
    `3:cpu:/\n2:rdma:/\n1:name=systemd:/kubepods/pod${UID}/${ID}`,
    UID,
  ],
  [
    'systemd driver',
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${BARE}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  [
    'kind',
    `0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${BARE}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  [
    'CRI-O with a leaf',
    `0::/kubepods.slice/kubepods-pod${BARE}.slice/crio-${ID}.scope/container`,
    UID,
  ],
  [
    'CRI-O’s monitor, on the host’s network',
    `0::/kubepods.slice/kubepods-pod${BARE}.slice/crio-conmon-${ID}.scope`,
    undefined,
  ],
  [
    'drivers that do not match',
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${BARE}.slice:cri-containerd:${ID}`,
    UID,
  ],
  ['static pod', `0::/kubepods/burstable/pod${HASH}/${ID}`, HASH],
  ['private cgroup namespace', `0::/../../../burstable/pod${UID}/${ID}`, UID],
  ['private cgroup namespace, sibling', `0::/../../pod${UID}/${ID}`, UID],
  [
    'cluster in a pod',
    `0::/kubepods/burstable/pod${UID}/${ID}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${OTHER.replaceAll('-', '_')}.slice/cri-containerd-${ID}.scope`,
    UID,
  ],
  ['cgroup without a container below it', `0::/kubepods/burstable/pod${UID}`, UID],
  ['Podman’s libpod', `0::/machine.slice/libpod-${ID}.scope`, undefined],
  ['a container that is no pod’s', `0::/docker/${ID}`, undefined],
  ['process 1', '0::/init.scope\n', undefined],
  ['a UID that is cut', `0::/kubepods/burstable/pod${UID.slice(0, -1)}/${ID}`, undefined],
  ['a UID that is too long', `0::/kubepods/burstable/pod${UID}0/${ID}`, undefined],
  ['a UID of capitals', `0::/kubepods/burstable/pod${UID.toUpperCase()}/${ID}`, undefined],
  ['a word that ends in pod', `0::/kubepods/mypod${UID}/${ID}`, undefined],
  ['a process that has gone', '', undefined],
];

for (const [what, cgroup, uid] of table) {
  test(`${what}: ${uid ? 'the pod is found' : 'there is no pod'}`, () => {
    assert.equal(podUid(cgroup), uid);
  });
}

test('any pod is found at any depth, and no text throws', () => {
  const depth = fc.array(fc.constantFrom('..', 'kubelet.slice', 'a:b', 'burstable'), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(fc.uuid(), depth, fc.boolean(), (uid, parents, slice) => {
      const name = slice ? `kubepods-pod${uid.replaceAll('-', '_')}.slice` : `pod${uid}`;
      assert.equal(podUid(`0::/${[...parents, name, ID].join('/')}\n`), uid);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => podUid(text) === undefined));
});
