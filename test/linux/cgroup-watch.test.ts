import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CgroupWatch } from '../../lib/linux/cgroup-watch.ts';
import { until } from '../lab/influx.ts';

const UID = '7a1f4f0e-1a2b-4c3d-8e9f-001122334455';
const UNDERSCORED = UID.replaceAll('-', '_');

function watching(context: TestContext, under = '') {
  const root = mkdtempSync(join(tmpdir(), 'nstats-cgroup-'));
  const changed: string[] = [];
  const failed: Error[] = [];
  const watched = new CgroupWatch({
    root: join(root, under),
    changed: (uid) => void changed.push(uid),
    failed: (error) => void failed.push(error),
  });
  context.after(() => {
    watched.close();
    rmSync(root, { recursive: true });
  });
  return { root, watched, changed, failed };
}

for (const [driver, kubelets, pod, container] of [
  [
    'systemd',
    ['kubepods.slice', 'kubepods-burstable.slice'],
    `kubepods-burstable-pod${UNDERSCORED}.slice`,
    'cri-containerd-abc.scope',
  ],
  ['cgroupfs', ['kubepods', 'besteffort'], `pod${UID}`, 'abc'],
  [
    'systemd in kind',
    ['kubelet.slice', 'kubelet-kubepods.slice'],
    `kubelet-kubepods-pod${UNDERSCORED}.slice`,
    'cri-containerd-abc.scope',
  ],
] as const) {
  test(`a pod and its container are noticed by the driver ${driver}, in directories that come later, and nothing is left`, async (t) => {
    const { root, watched, changed, failed } = watching(t);
    mkdirSync(join(root, 'system.slice/other.service'), { recursive: true });
    let above = root;
    for (const [nth, kubelet] of kubelets.entries()) {
      above = join(above, kubelet);
      mkdirSync(above);
      await until(() => watched.size === nth + 2, kubelet);
    }
    mkdirSync(join(above, pod));
    await until(() => watched.size === 4, 'the pod');
    await until(() => changed.length > 0, 'news of the pod');
    const before = changed.length;
    mkdirSync(join(above, pod, container));
    await until(() => changed.length > before, 'news of its container');
    assert.deepEqual([...new Set(changed)], [UID]);
    assert.equal(watched.size, 4);
    rmSync(join(root, kubelets[0]), { recursive: true });
    await until(() => watched.size === 1, 'the end of the watches');
    assert.deepEqual(failed, []);
  });
}

test('directories that are there already are watched, and none after the end', (t) => {
  const { root, changed, failed } = watching(t);
  const path = join(root, 'kubepods/burstable', `pod${UID}`, 'abc');
  mkdirSync(path, { recursive: true });
  const again = new CgroupWatch({
    root,
    changed: (uid) => void changed.push(uid),
    failed: assert.fail,
  });
  assert.equal(again.size, 4);
  again.close();
  assert.equal(again.size, 0);
  assert.deepEqual(failed, []);
});

test('what cannot be watched is said once', (t) => {
  const { watched, failed } = watching(t, 'nothing');
  assert.equal(failed.length, 1);
  assert.equal(watched.size, 0);
});
