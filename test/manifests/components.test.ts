import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agent, build, buildOwn, type Manifest, one, podSpecs } from './built.ts';

const OVERLAYS = ['overlays/quickstart', 'overlays/influxdb1', 'overlays/influxdb2'];

/** Every overlay with a component. */
function each(component: string): Manifest[][] {
  return OVERLAYS.map((overlay) => buildOwn({ resources: [overlay], components: [component] }));
}

test('privileged: the agent is, and asks for nothing that it then has not', () => {
  for (const manifests of each('components/privileged')) {
    const { securityContext } = agent(manifests);
    assert.equal(securityContext?.privileged, true);
    for (const field of ['capabilities', 'seccompProfile', 'appArmorProfile', 'seLinuxOptions'])
      assert.ok(!(field in securityContext), field);
  }
});

test('before-1.30: the annotation says of the same container what the field says', () => {
  const before = agent(build('base')).securityContext;
  const field = before?.appArmorProfile;
  assert.deepEqual(field, { type: 'Unconfined' });
  for (const manifests of each('components/before-1.30')) {
    const { metadata } = one(manifests, 'DaemonSet', 'nstats').spec?.template ?? {};
    const { name, securityContext } = agent(manifests);
    const annotation = `container.apparmor.security.beta.kubernetes.io/${name}`;
    assert.equal(metadata?.annotations?.[annotation], 'unconfined');
    assert.ok(!JSON.stringify(manifests).includes('"appArmorProfile"'));
    // All else stays.
    assert.deepEqual(Object.assign(securityContext ?? {}, { appArmorProfile: field }), before);
  }
});

test('selinux: the agent has the type that may look into others, and all else stays', () => {
  for (const manifests of each('components/selinux')) {
    const { seLinuxOptions, ...rest } = agent(manifests).securityContext ?? {};
    assert.equal(seLinuxOptions?.type, 'spc_t');
    assert.deepEqual(rest, agent(build('base')).securityContext);
  }
});

test('large-nodes: the agent may take more memory, and its request stays below', () => {
  const usual = agent(build('base')).resources?.limits?.['memory'];
  for (const manifests of each('components/large-nodes')) {
    const { requests, limits } = agent(manifests).resources ?? {};
    for (const quantity of [usual, requests?.['memory'], limits?.['memory']])
      assert.match(quantity ?? '', /^\d+Mi$/);
    assert.ok(mebibytes(limits?.['memory']) > mebibytes(usual));
    assert.ok(mebibytes(requests?.['memory']) < mebibytes(limits?.['memory']));
    // A throttled capture misses packets.
    assert.equal(limits?.['cpu'], undefined);
  }
});

test('the quickstart needs no storage class, and with influxdb-claim has one claim for its data', () => {
  const resources = ['overlays/quickstart'];
  const own = buildOwn({ resources, components: ['components/influxdb-claim'] });
  assert.deepEqual(claims(build('overlays/quickstart')), []);
  assert.deepEqual(
    claims(own).map(({ metadata }) => metadata?.name),
    ['data'],
  );
  for (const manifests of [build('overlays/quickstart'), own]) {
    const { spec } = one(manifests, 'StatefulSet', 'influxdb').spec?.template ?? {};
    const volumes = [
      ...claims(manifests).map(({ metadata }) => metadata),
      ...(spec?.volumes ?? []),
    ];
    const mounts = spec?.containers[0]?.volumeMounts ?? [];
    assert.deepEqual(
      mounts.map(({ name }) => name),
      volumes.map((volume) => volume?.name),
    );
    assert.ok(!JSON.stringify(podSpecs(manifests)).includes('persistentVolumeClaim'));
  }
});

function claims(manifests: readonly Manifest[]) {
  return one(manifests, 'StatefulSet', 'influxdb').spec?.volumeClaimTemplates ?? [];
}

function mebibytes(quantity = ''): number {
  return Number.parseInt(quantity, 10);
}
