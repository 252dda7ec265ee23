import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadOf } from '../../lib/kubernetes/workload.ts';
import { object, objects } from './recorded.ts';

const HASH = { 'pod-template-hash': '6cd5976f84' };

function pod(kind: string, name: string, labels: { [key: string]: string } = {}) {
  const ownerReferences = [{ kind, name, controller: true }];
  return { metadata: { name: 'p', labels, ownerReferences } };
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
  ['a Rollout’s ReplicaSet without the label', pod('ReplicaSet', 'web-1', {}), 'ReplicaSet/web-1'],
  ['a CronJob’s Job', pod('Job', 'tick-29921702'), 'CronJob/tick'],
  ['a CronJob with digits in its name', pod('Job', 'tick-2024-29921702'), 'CronJob/tick-2024'],
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
    'an owner without a name',
    { metadata: { name: 'p', ownerReferences: [{ kind: 'Job', controller: true }] } },
    'Pod/p',
  ],
  ['nothing at all', {}, 'Pod/'],
];

for (const [what, given, workload] of table) {
  test(`${what} belongs to ${workload}`, () => {
    assert.equal(workloadOf(given), workload);
  });
}

test('the controller is the one that counts among several owners', () => {
  const ownerReferences = [
    { kind: 'ConfigMap', name: 'c', controller: false },
    { kind: 'StatefulSet', name: 'db', controller: true },
  ];
  assert.equal(workloadOf({ metadata: { name: 'db-0', ownerReferences } }), 'StatefulSet/db');
});

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
