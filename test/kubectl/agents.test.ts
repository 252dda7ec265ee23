import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { until } from '../lab/influx.ts';
import { startCluster, stateOf, untilLive, untilLost } from './cluster.ts';

const sh = (script: string) => ['sh', '-c', script];

test('all agents are asked, and merged', async (t) => {
  const { ask, agent } = await startCluster(t, 3);
  for (const node of ['node-1', 'node-2', 'node-3']) agent({ node });
  const live = await ask();
  await untilLive(live, 'node-1', 'node-2', 'node-3');
  await until(() => new Set(live.views().map(({ pod }) => pod)).size === 6, 'pods of all nodes');
  assert.ok(live.isComplete);
});

test('an agent that cannot be asked says why, and the others go on', async (t) => {
  const { ask, agent, directory } = await startCluster(t, 9);
  agent({ node: 'node-1' });
  agent({ node: 'hangs', says: ['cat'] });
  agent({ node: 'dies', says: sh('echo "nstats: no agent answers at TOP_SOCKET" >&2; exit 1') });
  agent({ node: 'old', says: sh(`echo "nstats: Unknown option '--raw'" >&2; exit 2`) });
  agent({ node: 'nonsense', says: sh('head -c 100000 /dev/urandom; exec cat') });
  agent({ node: 'without-node', says: ['no-such-program'] });
  agent({ node: 'stopped', says: undefined });
  const hello = `{"protocol":99,"version":"9.9.9","cluster":"c","node":"n","nodes":1,"source":"s"}`;
  agent({ node: 'newer', says: sh(`echo '${hello}' | gzip; exec cat`) });
  // Some 10 GB, if all were unpacked.
  const bomb = join(directory, 'bomb.gz');
  writeFileSync(bomb, gzipSync(Buffer.alloc(32 * 1024 * 1024)));
  agent({ node: 'bomb', says: sh(`for n in $(seq 300); do cat ${bomb}; done; exec cat`) });

  const before = process.memoryUsage().rss;
  const live = await ask();
  await untilLive(live, 'node-1');
  await untilLost(live, 'dies', /^it has ended with 1: no agent answers at TOP_SOCKET$/);
  await untilLost(live, 'old', /^its nstats is older than kubectl nstats, and cannot be asked$/);
  await untilLost(live, 'nonsense', /^what it sends is not gzip: /);
  await untilLost(live, 'without-node', /^there is no node in its container$/);
  await untilLost(live, 'stopped', /^its container does not run$/);
  await untilLost(live, 'newer', /^it is nstats 9\.9\.9, which this version does not understand$/);
  await untilLost(live, 'bomb', /^a line has more than \d+ bytes$/);
  await untilLost(live, 'hangs', /^it does not answer$/);
  assert.equal(stateOf(live, 'node-1').state, 'live');
  assert.ok(!live.isComplete);
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 400e6, `${grown} bytes`);
});

test('a restarted agent is asked under the name of its new pod', async (t) => {
  const { ask, agent, processes } = await startCluster(t, 1);
  const remove = agent({ node: 'node-1', pod: 'nstats-old' });
  const live = await ask();
  await untilLive(live, 'node-1');
  remove();
  processes[0]?.kill('SIGKILL');
  await untilLost(live, 'node-1', /./);
  agent({ node: 'node-1', pod: 'nstats-new', isRunning: false });
  await sleep(300);
  agent({ node: 'node-1', pod: 'nstats-new' });
  await untilLive(live, 'node-1');
  assert.equal(processes.length, 2);
});

test('an agent whose pod does not run is lost for that reason', async (t) => {
  const { ask, agent } = await startCluster(t, 1);
  agent({ node: 'node-1', isRunning: false });
  const live = await ask();
  await untilLost(live, 'node-1', /^its pod nstats-node-1 is Pending$/);
});

test('a node that is added is asked, too', async (t) => {
  const { ask, agent } = await startCluster(t, 2);
  agent({ node: 'node-1' });
  const live = await ask();
  await untilLive(live, 'node-1');
  assert.ok(!live.isComplete);
  agent({ node: 'node-2' });
  await untilLive(live, 'node-2');
  assert.ok(live.isComplete);
});

test('when the API server is back, agents are asked again', async (t) => {
  const { ask, agent, api } = await startCluster(t, 1);
  agent({ node: 'node-1' });
  const live = await ask();
  await untilLive(live, 'node-1');
  await api.down();
  await untilLost(live, 'node-1', /lost|ECONN|connection/);
  await api.up();
  await untilLive(live, 'node-1');
});

test('without the right to exec, agents say which right is needed', async (t) => {
  const { ask, agent } = await startCluster(t, 1, {
    allowed: (_user, _verb, resource) => resource !== 'pods/exec',
  });
  agent({ node: 'node-1' });
  await untilLost(
    await ask(),
    'node-1',
    /^you may not exec in pods of namespace nstats: that takes the rights get and create on pods\/exec$/,
  );
});

test('many agents are not all asked in the same instant', async (t) => {
  const { ask, agent, api } = await startCluster(t, 60);
  let [opening, most] = [0, 0];
  api.fault(async ({ path }) => {
    if (!path.includes('/exec?')) return 'proceed';
    opening += 1;
    most = Math.max(most, opening);
    await sleep(50);
    opening -= 1;
    return { status: 503, body: 'busy' };
  });
  const nodes = Array.from({ length: 60 }, (_, nth) => `node-${nth}`);
  for (const node of nodes) agent({ node });
  const live = await ask();
  await Promise.all(nodes.map(async (node) => untilLost(live, node, /busy/)));
  assert.ok(most <= 20, `${most} at once`);
});

test('nstats is found in another namespace than its own, if it is in one alone', async (t) => {
  const { ask, agent } = await startCluster(t, 1);
  await assert.rejects(ask(), /there is no pod of nstats in this cluster/);
  agent({ node: 'node-1', namespace: 'monitoring' });
  await untilLive(await ask(), 'node-1');
  agent({ node: 'node-2', namespace: 'other' });
  await assert.rejects(
    ask(),
    /nstats is in monitoring and other; fix: say with --nstats-namespace/,
  );
  await untilLive(await ask({}, 'monitoring'), 'node-1');
});

test('who may not list pods is told of which namespace', async (t) => {
  const denied = new Set(['', 'nstats']);
  const { ask, agent } = await startCluster(t, 1, {
    allowed: (_user, _verb, _resource, namespace = '') => !denied.has(namespace),
  });
  agent({ node: 'node-1' });
  await assert.rejects(ask(), /you may not list pods of namespace nstats, and .* all namespaces/);
  await assert.rejects(ask({}, 'nstats'), /you may not list and watch pods of namespace nstats/);
  denied.delete('nstats');
  await untilLive(await ask(), 'node-1');
});
