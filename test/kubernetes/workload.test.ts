import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadOf } from '../../lib/kubernetes/workload/workload.ts';
import { object, objects } from './recorded.ts';

const HASH = { 'pod-template-hash': '6cd5976f84' };

const owners = (kind: string, name: string) => [{ kind, name, controller: true }];

function pod(kind: string, name: string, labels: { [key: string]: string } = {}) {
  return { metadata: { name: 'p', labels, ownerReferences: owners(kind, name) } };
}

const table: readonly [what: string, pod: Parameters<typeof workloadOf>[0], workload: string][] = [
  ['a Deployment’s pod', pod('ReplicaSet', 'web-6cd5976f84', HASH), 'Deployment/web'],
  ['a Deployment with dashes', pod('ReplicaSet', 'a-b-6cd5976f84', HASH), 'Deployment/a-b'],
  [
    'a ReplicaSet without a Deployment',
    pod('ReplicaSet', 'web-6cd5976f84'),
    'ReplicaSet/web-6cd5976f84',
  ],
  ['a ReplicaSet of another name than its hash', pod('ReplicaSet', 'web', HASH), 'ReplicaSet/web'],
  [
    'a Rollout’s pod',
    pod('ReplicaSet', 'web-5b8f6d7c9', { 'rollouts-pod-template-hash': '5b8f6d7c9' }),
    'Rollout/web',
  ],
  [
    'a pod of a Rollout’s experiment',
    pod('ReplicaSet', 'web-5b8f6d7c9-2-1-canary', { 'rollouts-pod-template-hash': '7d4c' }),
    'ReplicaSet/web-5b8f6d7c9-2-1-canary',
  ],
  ['a Job of its own', pod('Job', 'once'), 'Job/once'],
  ['a Job with a short number', pod('Job', 'once-2024'), 'Job/once-2024'],
  ['a StatefulSet', pod('StatefulSet', 'db'), 'StatefulSet/db'],
  ['a DaemonSet', pod('DaemonSet', 'agent'), 'DaemonSet/agent'],
  ['an operator’s own kind', pod('Kafka', 'events'), 'Kafka/events'],
  ['a static pod', pod('Node', 'vm'), 'Pod/p'],
  ['a pod without an owner', { metadata: { name: 'p' } }, 'Pod/p'],
  [
    'an owner that does not control it',
    { metadata: { name: 'p', ownerReferences: [{ kind: 'Job', name: 'x' }] } },
    'Pod/p',
  ],
  [
    'one of several owners that controls it',
    {
      metadata: {
        ownerReferences: [{ kind: 'ConfigMap', name: 'c' }, ...owners('StatefulSet', 'db')],
      },
    },
    'StatefulSet/db',
  ],
  [
    'an owner without a name',
    { metadata: { name: 'p', ownerReferences: [{ kind: 'Job', controller: true }] } },
    'Pod/p',
  ],
  ['nothing at all', {}, 'Pod/'],
];

const named: readonly [owner: string, name: string, label: string, value: string, string][] = [
  ['ReplicaSet', 'hello-00001-deployment-7c9', 'serving.knative.dev/service', 'hello', 'Service'],
  ['ReplicaSet', 'c-1-deployment-7c9', 'serving.knative.dev/configuration', 'c', 'Configuration'],
  ['Job', 'train-workers-0', 'jobset.sigs.k8s.io/jobset-name', 'train', 'JobSet'],
  ['Job', 'resize-x7k2p', 'scaledjob.keda.sh/name', 'resize', 'ScaledJob'],
  ['StatefulSet', 'llm', 'leaderworkerset.sigs.k8s.io/name', 'llm', 'LeaderWorkerSet'],
  ['StatefulSet', 'llm-3', 'leaderworkerset.sigs.k8s.io/name', 'llm', 'LeaderWorkerSet'],
  ['TaskRun', 'build-9x2lq-clone', 'tekton.dev/pipeline', 'build', 'Pipeline'],
  ['TaskRun', 'lint-run-8dk2v', 'tekton.dev/task', 'lint', 'Task'],
  ['Pod', 'pi-driver', 'sparkoperator.k8s.io/app-name', 'pi', 'SparkApplication'],
  [
    'EphemeralRunner',
    'ci-h5gn2-runner-7p4ts',
    'actions.github.com/scale-set-name',
    'ci',
    'AutoscalingRunnerSet',
  ],
  ['Runner', 'ci-abcde-fghij', 'runner-deployment-name', 'ci', 'RunnerDeployment'],
];

for (const [owner, name, label, value, kind] of named) {
  test(`a pod of the ${owner} ${name} with the label ${label} belongs to ${kind}/${value}`, () => {
    assert.equal(workloadOf(pod(owner, name, { [label]: value })), `${kind}/${value}`);
    assert.equal(workloadOf(pod('DaemonSet', name, { [label]: value })), `DaemonSet/${name}`);
    assert.equal(workloadOf(pod(owner, name, { [label]: '' })), `${owner}/${name}`);
  });
}

test('the label that is a Deployment’s gives way to that of the Knative Service that made it', () => {
  const labels = { ...HASH, 'serving.knative.dev/service': 'hello' };
  const hello = pod('ReplicaSet', 'hello-00001-deployment-6cd5976f84', labels);
  assert.equal(workloadOf(hello), 'Service/hello');
});

const DC = 'openshift.io/deployment-config.name';
const DEPLOYS = 'openshift.io/deployer-pod-for.name';
const controlled = [{ kind: 'ReplicationController', name: 'shop-12', controller: true }];
const owned = [{ kind: 'ReplicationController', name: 'shop-12' }];
const openshift: readonly [what: string, metadata: object, workload: string][] = [
  [
    'a pod with the annotation',
    { annotations: { [DC]: 'shop' }, ownerReferences: controlled },
    'DeploymentConfig/shop',
  ],
  [
    'a pod with the labels',
    {
      labels: { deploymentconfig: 'shop', deployment: 'shop-12' },
      ownerReferences: controlled,
    },
    'DeploymentConfig/shop',
  ],
  [
    'the deployer, which its owner does not control',
    {
      name: 'shop-12-deploy',
      labels: { [DEPLOYS]: 'shop-12' },
      annotations: { [DC]: 'shop' },
      ownerReferences: owned,
    },
    'DeploymentConfig/shop',
  ],
  [
    'a hook without an owner',
    { name: 'shop-12-hook-pre', labels: { [DEPLOYS]: 'shop-12' } },
    'DeploymentConfig/shop',
  ],
  [
    'a pod of a controller of another name than its label',
    { labels: { deploymentconfig: 'store' }, ownerReferences: controlled },
    'ReplicationController/shop-12',
  ],
  [
    'a pod of a controller that was made by hand',
    { ownerReferences: controlled },
    'ReplicationController/shop-12',
  ],
];

for (const [what, metadata, workload] of openshift) {
  test(`of OpenShift, ${what} belongs to ${workload}`, () => {
    assert.equal(workloadOf({ metadata: { name: 'p', ...metadata } }), workload);
  });
}

/** 2026-11-22 00:00. */
const MINUTE = 29_921_760;
const LONGEST = `${'x'.repeat(43)}-nightly`;
const days = (count: number) => count * 24 * 60;

const jobs: readonly [job: string, made: number, workload: string][] = [
  ['tick-29921760', 0, 'CronJob/tick'],
  ['tick-2024-29921760', 1, 'CronJob/tick-2024'],
  [`${LONGEST}-29921760`, 1, `CronJob/${LONGEST}`],
  // By a retry, by a Job that runs for days, or because the controller was away.
  ['tick-29921760', 90, 'CronJob/tick'],
  ['tick-29921760', days(3), 'CronJob/tick'],
  ['tick-29921760', days(30), 'CronJob/tick'],
  // The controller's clock is ahead of the API server's.
  ['tick-29921760', -3, 'CronJob/tick'],
  ['tick-29921760', days(-1), 'Job/tick-29921760'],
  ['tick-29921760', days(365), 'Job/tick-29921760'],
  // A day, a time, a number of seconds, a build.
  ['migrate-20240131', 0, 'Job/migrate-20240131'],
  ['migrate-20261122', 0, 'Job/migrate-20261122'],
  ['migrate-22112026', 0, 'Job/migrate-22112026'],
  ['migrate-1795305600', 0, 'Job/migrate-1795305600'],
  ['build-12345678', 0, 'Job/build-12345678'],
  ['build-99999999', 0, 'Job/build-99999999'],
  ['build-029921760', 0, 'Job/build-029921760'],
  ['29921760', 0, 'Job/29921760'],
  ['-29921760', 0, 'Job/-29921760'],
];

for (const [job, made, workload] of jobs) {
  test(`a pod that was made ${made} minutes after ${MINUTE}, of the Job ${job}, belongs to ${workload}`, () => {
    const given = pod('Job', job);
    const creationTimestamp = new Date((MINUTE + made) * 60_000).toISOString();
    const metadata = { ...given.metadata, creationTimestamp };
    assert.equal(workloadOf({ metadata }), workload);
    assert.equal(workloadOf({ ...given, status: { startTime: creationTimestamp } }), workload);
  });
}

test('without a time of creation only a number that is no minute since Kubernetes tells of a Job', () => {
  assert.equal(workloadOf(pod('Job', 'tick-29921760')), 'CronJob/tick');
  assert.equal(workloadOf(pod('Job', 'migrate-20240131')), 'Job/migrate-20240131');
});

for (const [what, given, workload] of table) {
  test(`${what} belongs to ${workload}`, () => {
    assert.equal(workloadOf(given), workload);
  });
}

test('the recorded pods belong to what made them', () => {
  assert.equal(workloadOf(object('pods', 'web-6cd5976f84-qswtp')), 'Deployment/web');
  assert.equal(workloadOf(object('pods', 'tick-29921702-fqx9g')), 'CronJob/tick');
  assert.equal(workloadOf(object('pods', 'once-4f65v')), 'Job/once');
  const kinds = new Set(objects('pods').map((pod) => workloadOf(pod).split('/')[0]));
  assert.deepEqual(
    kinds,
    new Set(['CronJob', 'DaemonSet', 'Deployment', 'Job', 'Pod', 'StatefulSet']),
  );
});
