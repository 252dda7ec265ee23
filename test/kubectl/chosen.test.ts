import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { Live } from '../../lib/top/view.ts';
import { until } from '../lab/influx.ts';
import { startCluster, untilLive } from './cluster.ts';

/** Three agents; by the API each node has a pod of Deployment/app-1 in team-1 and one of Deployment/app-2 in team-2. */
async function threeNodes(t: TestContext, options = {}) {
  const cluster = await startCluster(t, 3, options);
  for (const row of [1, 2, 3]) {
    cluster.agent({ node: `node-${row}` });
    for (const column of [1, 2]) cluster.pod(podOn(`node-${row}`, `app-${column}`, row));
  }
  return cluster;
}

function podOn(nodeName: string, app: string, row: number) {
  return {
    name: `${app}-${row}`,
    namespace: app.replace('app', 'team'),
    nodeName,
    labels: { 'pod-template-hash': 'abc' },
    owner: { kind: 'ReplicaSet', name: `${app}-abc` },
  };
}

const nodesOf = (live: Live) => live.agents().map(({ agent }) => agent);
const podsOf = (live: Live) => [...new Set(live.views().map(({ pod }) => pod))].toSorted();

test('a node alone is asked', async (t) => {
  const { ask } = await threeNodes(t);
  const live = await ask({ node: 'node-2' });
  assert.deepEqual(nodesOf(live), ['node-2']);
  await until(() => podsOf(live).join() === 'app-1-2,app-2-2', 'its pods');
});

test('a pod is shown alone, and followed to another node', async (t) => {
  const { ask, api, pod } = await threeNodes(t);
  const live = await ask({ namespace: 'team-1', pod: 'app-1-3' });
  assert.deepEqual(nodesOf(live), ['node-3']);
  await until(() => podsOf(live).join() === 'app-1-3', 'the pod');
  assert.ok(!live.isComplete);
  api.store.remove('pods', 'app-1-3', 'team-1');
  await until(() => nodesOf(live).length === 0, 'the node to be left');
  pod(podOn('node-1', 'app-1', 3));
  await until(() => nodesOf(live).join() === 'node-1', 'the other node');
});

test('a workload’s pods are shown, on all of its nodes', async (t) => {
  const { ask } = await threeNodes(t);
  const live = await ask({ namespace: 'team-2', workload: 'Deployment/app-2' });
  await untilLive(live, 'node-1', 'node-2', 'node-3');
  await until(() => podsOf(live).join() === 'app-2-1,app-2-2,app-2-3', 'its pods');
});

test('a namespace and a node are both heeded', async (t) => {
  const { ask } = await threeNodes(t);
  const live = await ask({ namespace: 'team-2', node: 'node-1' });
  assert.deepEqual(nodesOf(live), ['node-1']);
  await until(() => podsOf(live).join() === 'app-2-1', 'its pod');
});

test('what is not there is said, and what may not be known', async (t) => {
  const { ask } = await threeNodes(t, {
    allowed: (_user: string, _verb: string, _resource: string, namespace: string) =>
      namespace !== 'secret',
  });
  const none = ask({ namespace: 'team-1', workload: 'Deployment/none' });
  await assert.rejects(none, /^Error: there is no pod of Deployment\/none in namespace team-1$/);
  const pod = ask({ namespace: 'team-1', pod: 'none' });
  await assert.rejects(pod, /there is no pod none in namespace team-1/);
  const denied = ask({ namespace: 'secret' });
  await assert.rejects(
    denied,
    /you may not list and watch pods of namespace secret to find their nodes; fix/,
  );
  await assert.rejects(ask({ node: 'none' }), /no pod of nstats in namespace nstats on the nodes/);
});
