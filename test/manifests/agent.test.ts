import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { resourcesOf } from '../../lib/kubernetes/follow-cluster.ts';
import { readConfig, VARIABLES } from '../../daemon/config.ts';
import { parseNetworks } from '../../lib/naming/networks.ts';
import {
  agent,
  build,
  buildOwn,
  environment,
  type Manifest,
  MANIFESTS,
  one,
  podSpecs,
} from './built.ts';

const WRITING = ['overlays/quickstart', 'overlays/influxdb1', 'overlays/influxdb2'];
const AGENTS = [...WRITING, 'sidecar/example'];
/** What Autopilot allows, by its own message: github.com/telepresenceio/telepresence/issues/3983 */
const AUTOPILOT =
  'AUDIT_WRITE,CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,MKNOD,NET_BIND_SERVICE,NET_RAW,SETFCAP,SETGID,SETPCAP,SETUID,' +
  'SYS_CHROOT,SYS_PTRACE';

const defaults = new Map(VARIABLES.map(([name, fallback]) => [name, fallback]));

for (const folder of AGENTS) {
  const manifests = build(folder);
  const container = agent(manifests);
  const variables = environment(manifests, container);

  test(`${folder}: all variables are the daemon's own, and it takes their values`, () => {
    assert.deepEqual(
      Object.keys(variables).filter((name) => !defaults.has(name)),
      [],
    );
    const config = readConfig({ ...variables, POD_IPS: '192.0.2.1' });
    assert.equal(config.sidecar !== undefined, folder.startsWith('sidecar'));
    assert.equal(variables['NODE_NAME'], '<spec.nodeName>');
  });

  test(`${folder}: the service account may do what the daemon does, and nothing else`, () => {
    const name = folder.startsWith('sidecar') ? 'nstats-sidecar' : 'nstats';
    const { rules } = one(manifests, 'ClusterRole', name);
    const verbs = ['get', 'list', 'watch'];
    const sidecar = folder.startsWith('sidecar') ? true : undefined;
    assert.deepEqual(rules, [{ apiGroups: [''], resources: [...resourcesOf({ sidecar })], verbs }]);
    const binding = one(manifests, 'ClusterRoleBinding', name);
    assert.equal(binding.roleRef.name, name);
    const pod = podSpecs(manifests).find(({ containers }) =>
      containers.some((each) => each.name === 'nstats'),
    );
    const [subject] = binding.subjects ?? [];
    assert.equal(subject?.name, pod?.serviceAccountName);
    const account = one(manifests, 'ServiceAccount', subject?.name ?? '');
    assert.equal(subject?.namespace, account.metadata?.namespace);
    const roles = manifests.filter(({ kind }) => kind.includes('Role'));
    assert.equal(roles.length, 2);
  });

  test(`${folder}: probes ask for what the daemon answers, where it listens`, () => {
    const { listen } = readConfig({ ...variables, POD_IPS: '192.0.2.1' });
    assert.deepEqual(
      (container.ports ?? []).map(({ containerPort }) => containerPort),
      folder.startsWith('sidecar') ? [] : [listen.port],
    );
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const ports = new Map((container.ports ?? []).map((port) => [port.name, port.containerPort]));
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      if (!probe) continue;
      const { path, port } = probe.httpGet ?? {};
      assert.equal(ports.get(`${port}`) ?? port, listen.port);
      assert.equal(path, probe === readinessProbe ? '/readyz' : '/healthz');
    }
    assert.ok(livenessProbe);
  });

  test(`${folder}: rows can wait on a volume that is written to, on a root that is not`, () => {
    const { spool } = readConfig({ ...variables, POD_IPS: '192.0.2.1' });
    const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === spool.directory);
    assert.ok(mount && !mount.readOnly);
    const volumes = podSpecs(manifests).flatMap((pod) => pod.volumes ?? []);
    const volume = volumes.find(({ name }) => name === mount.name);
    if (folder.startsWith('sidecar')) assert.ok(volume?.emptyDir);
    else assert.equal(volume?.hostPath?.type, 'DirectoryOrCreate');
    assert.equal(container.securityContext?.readOnlyRootFilesystem, true);
  });

  test(`${folder}: there is a place for the socket that no other container has`, () => {
    const { topSocket = '' } = readConfig({ ...variables, POD_IPS: '192.0.2.1' });
    const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === dirname(topSocket));
    const pods = podSpecs(manifests);
    const volume = pods
      .flatMap(({ volumes = [] }) => volumes)
      .find(({ name }) => name === mount?.name);
    assert.ok(volume?.emptyDir?.sizeLimit);
    const mounts = pods.flatMap(({ containers }) =>
      containers.flatMap((each) => each.volumeMounts ?? []),
    );
    assert.equal(mounts.filter(({ name }) => name === mount?.name).length, 1);
  });
}

test('what the settings say without an overlay is what the daemon does without settings', () => {
  const manifests = build('base');
  const { NODE_NAME: _, ...settings } = environment(manifests, agent(manifests));
  for (const [name, value] of Object.entries(settings)) assert.equal(value, defaults.get(name));
});

test('every variable has its place in the manifests', () => {
  const text = globSync(`${MANIFESTS}/**/*.yaml`)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const missing = [...defaults.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
  assert.deepEqual(missing, ['KUBECONFIG']);
});

test('the agent sees the processes of its node, but has its own network', () => {
  const [pod] = podSpecs(build('base'));
  assert.equal(pod?.hostPID, true);
  assert.equal(pod?.hostNetwork, undefined);
  assert.deepEqual(agent(build('base')).securityContext?.capabilities, {
    drop: ['ALL'],
    add: ['SYS_ADMIN', 'SYS_PTRACE', 'NET_RAW', 'SETUID', 'SETGID', 'KILL', 'SETPCAP'],
  });
});

test('the sidecar has CAP_NET_RAW and a pod that is otherwise untouched', () => {
  const manifests = build('sidecar/example');
  const [pod] = podSpecs(manifests);
  assert.equal(pod?.containers[0]?.name, 'web');
  assert.equal(pod?.hostPID, undefined);
  const { securityContext } = agent(manifests);
  assert.deepEqual(securityContext?.capabilities, { drop: ['ALL'], add: ['NET_RAW'] });
  assert.equal(securityContext?.allowPrivilegeEscalation, false);
});

test('a sidecar that counts in the kernel has what that takes, and nothing else is changed', () => {
  const plain = agent(build('sidecar/example'));
  const counting = agent(
    buildOwn({ resources: ['sidecar/example'], components: ['components/sidecar-bpf'] }),
  );
  assert.deepEqual(counting.env, [{ name: 'CAPTURE', value: 'bpf' }, ...(plain.env ?? [])]);
  const { capabilities, ...confined } = counting.securityContext ?? {};
  assert.deepEqual(capabilities, { drop: ['ALL'], add: ['NET_RAW', 'BPF', 'PERFMON'] });
  const { capabilities: _, ...before } = plain.securityContext ?? {};
  assert.deepEqual(confined, before);
});

test('the sidecar asks for nothing that Autopilot refuses', () => {
  const [pod] = podSpecs(build('sidecar/example'));
  for (const field of ['hostPID', 'hostNetwork', 'hostIPC']) assert.ok(!(field in (pod ?? {})));
  assert.ok(pod?.volumes?.every(({ hostPath }) => hostPath === undefined));
  for (const { securityContext, ports } of pod?.containers ?? []) {
    assert.ok(!securityContext?.privileged);
    for (const added of securityContext?.capabilities?.add ?? [])
      assert.ok(AUTOPILOT.split(',').includes(added), added);
    assert.ok((ports ?? []).every(({ hostPort }) => hostPort === undefined));
  }
});

test('the component with an authority mounts it where Node reads it', () => {
  for (const overlay of WRITING) {
    const manifests = buildOwn({ resources: [overlay], components: ['components/authority'] });
    const { volumeMounts = [] } = agent(manifests);
    const file = environment(manifests, agent(manifests))['NODE_EXTRA_CA_CERTS'] ?? '';
    const mount = volumeMounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
    const pod = podSpecs(manifests).find(({ containers }) =>
      containers.some(({ name }) => name === 'nstats'),
    );
    const volume = pod?.volumes?.find(({ name }) => name === mount?.name);
    const { data = {} } = one(
      manifests,
      'ConfigMap',
      (volume?.configMap?.name ?? '').replace(/-[a-z0-9]{10}$/, ''),
    );
    assert.ok(file.slice(`${mount?.mountPath}/`.length) in data, file);
  }
});

for (const overlay of WRITING) {
  test(`${overlay}: with the networks component the agent has its file, and takes all of it`, () => {
    const manifests = buildOwn({ resources: [overlay], components: ['components/networks'] });
    const { file, text } = networksOf(manifests);
    assert.equal(file, readConfig(environment(manifests, agent(manifests))).networksFile);
    const { networks, mistakes } = parseNetworks(text);
    assert.deepEqual(mistakes, []);
    assert.ok(networks.size > 0);
  });
}

/** What is mounted where the agent looks for named networks. */
function networksOf(manifests: readonly Manifest[]): { file: string; text: string } {
  const { volumes } = podSpecs(manifests).find(({ hostPID }) => hostPID) ?? {};
  const volume = volumes?.find(({ name }) => name === 'networks');
  const mount = agent(manifests).volumeMounts?.find(({ name }) => name === volume?.name);
  // By subPath the kubelet never renews what it has mounted.
  assert.equal(mount?.subPath, undefined);
  const { data, metadata } = one(
    manifests,
    'ConfigMap',
    (volume?.configMap?.name ?? '').replace(/-[a-z0-9]{10}$/, ''),
  );
  assert.equal(metadata?.namespace, one(manifests, 'DaemonSet', 'nstats').metadata?.namespace);
  // A name with a hash would be another one with each change of the list, and restart the agents.
  assert.equal(metadata?.name, 'nstats-networks');
  const [[key, text] = ['', '']] = Object.entries(data ?? {});
  return { file: `${mount?.mountPath}/${key}`, text };
}
