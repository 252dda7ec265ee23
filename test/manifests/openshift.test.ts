import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agent, build, buildOwn, one, podSpecs } from './built.ts';

const components = ['components/networks', 'components/openshift'];
const manifests = buildOwn({ resources: ['overlays/influxdb2'], components });
const constraints = one(manifests, 'SecurityContextConstraints', 'nstats');
const container = agent(manifests);
const pod = podSpecs(manifests).find(({ containers }) => containers.includes(container));
const { securityContext } = container;

test('the constraints admit what the agent asks for, and no more', () => {
  const { capabilities, seccompProfile } = securityContext ?? {};
  assert.deepEqual(
    new Set(constraints.allowedCapabilities),
    new Set(agent(build('base')).securityContext?.capabilities?.add),
  );
  assert.deepEqual(new Set(constraints.allowedCapabilities), new Set(capabilities?.add));
  assert.deepEqual(constraints.defaultAddCapabilities, []);
  // It is looked for among what the container drops, by its name.
  assert.deepEqual(constraints.requiredDropCapabilities, capabilities?.drop);
  assert.equal(constraints.allowHostPID, pod?.hostPID);
  assert.equal(constraints.allowHostNetwork, pod?.hostNetwork ?? false);
  assert.equal(constraints.allowHostIPC, pod?.hostIPC ?? false);
  assert.equal(constraints.allowPrivilegedContainer, securityContext?.privileged ?? false);
  assert.equal(constraints.readOnlyRootFilesystem, securityContext?.readOnlyRootFilesystem);
  const ports = (container.ports ?? []).flatMap(({ hostPort }) => hostPort ?? []);
  assert.equal(constraints.allowHostPorts, ports.length > 0);
  assert.equal(seccompProfile?.type, 'RuntimeDefault');
  assert.deepEqual(constraints.seccompProfiles, ['runtime/default']);
});

test('the agent asks for the user and the SELinux context that it must have', () => {
  const { runAsUser, seLinuxContext } = constraints;
  assert.ok(runAsUser.type === 'MustRunAs' && runAsUser.uid === securityContext?.runAsUser);
  assert.ok(seLinuxContext.type === 'MustRunAs');
  // OpenShift compares each of the four, and takes the level from the namespace if there is none.
  assert.deepEqual(seLinuxContext.seLinuxOptions, securityContext?.seLinuxOptions);
  assert.deepEqual(Object.keys(seLinuxContext.seLinuxOptions).toSorted(), [
    'level',
    'role',
    'type',
    'user',
  ]);
  assert.equal(securityContext?.seLinuxOptions?.type, 'spc_t');
});

test('the constraints know the kinds of volumes that the agent has or may have', () => {
  const kinds = (pod?.volumes ?? []).flatMap((volume) =>
    Object.keys(volume).filter((field) => field !== 'name'),
  );
  assert.deepEqual(new Set(kinds), new Set(['hostPath', 'emptyDir', 'configMap']));
  const { volumes, allowHostDirVolumePlugin } = constraints;
  // The token is projected; certificates may come from a Secret.
  assert.deepEqual(new Set(volumes), new Set([...kinds, 'projected', 'secret']));
  assert.equal(allowHostDirVolumePlugin, kinds.includes('hostPath'));
});

test('the service account of the agent may use the constraints, and nobody else', () => {
  const role = one(manifests, 'Role', 'nstats-constraints');
  const rule = {
    apiGroups: ['security.openshift.io'],
    resources: ['securitycontextconstraints'],
    resourceNames: [constraints.metadata.name],
    verbs: ['use'],
  };
  assert.deepEqual(role.rules, [rule]);
  const { roleRef, subjects, metadata } = one(manifests, 'RoleBinding', 'nstats-constraints');
  assert.deepEqual([roleRef.kind, roleRef.name], ['Role', role.metadata?.name]);
  const { namespace } = one(manifests, 'DaemonSet', 'nstats').metadata ?? {};
  assert.deepEqual([metadata?.namespace, role.metadata?.namespace], [namespace, namespace]);
  const account = { kind: 'ServiceAccount', name: pod?.serviceAccountName, namespace };
  assert.deepEqual(subjects, [account]);
  for (const field of ['users', 'groups']) assert.ok(!(field in constraints));
});

test('no default node selector keeps agents from nodes', () => {
  const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
  assert.deepEqual(
    namespaces.map(({ metadata }) => metadata.annotations?.['openshift.io/node-selector']),
    [''],
  );
});
