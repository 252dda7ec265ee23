import assert from 'node:assert/strict';
import { test } from 'node:test';

import packageJson from '../../package.json' with { type: 'json' };
import { until } from '../lab/influx.ts';
import { startCluster } from './cluster.ts';

test('top prints the flows of all nodes', async (t) => {
  const { agent, run } = await startCluster(t, 2);
  agent({ node: 'node-1' });
  agent({ node: 'node-2' });
  const { code, stdout, stderr } = await run('top', '-o', 'json', '--group', 'pod');
  assert.equal(code, 0, stderr);
  const { rows, isComplete } = JSON.parse(stdout) as {
    rows: { pod: string; node: string; sendRate: number }[];
    isComplete: boolean;
  };
  const pods = rows.map(({ pod, node }) => `${node} ${pod}`).toSorted();
  assert.deepEqual(pods, ['node-1 app-1-1', 'node-1 app-2-1', 'node-2 app-1-2', 'node-2 app-2-2']);
  assert.ok(rows.every(({ sendRate }) => sendRate > 0));
  assert.ok(isComplete);
});

test('the command in the container ends with the plugin, however that ends', async (t) => {
  const { agent, start, processes } = await startCluster(t, 1);
  agent({ node: 'node-1' });
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    const before = processes.length;
    const plugin = start('top', '--duration', '1h');
    await until(() => processes.length === before + 2, 'the command to run');
    const command = processes.at(-1);
    plugin.kill(signal);
    await until(() => command?.exitCode === 0, `the command to end after ${signal}`);
  }
});

test('what is wrong is said in a line, with an exit code', async (t) => {
  const { agent, run } = await startCluster(t, 1);
  const none = await run('top', '--once');
  assert.deepEqual(none, {
    code: 1,
    stdout: '',
    stderr: 'nstats: there is no pod of nstats in this cluster\n',
  });
  agent({ node: 'node-1', says: ['sh', '-c', 'exit 3'] });
  const lost = await run('top', '--once');
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /^nstats: node-1: it has ended with 3: /);
  for (const args of [['bottom'], ['top', '--none'], ['top', '--pod', 'a'], []]) {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 2);
    assert.match(stdout + stderr, /kubectl nstats/);
  }
  const elsewhere = await run('top', '--once', '--context', 'none');
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /no cluster is known: the kubeconfig has no context none; fix: /);
});

test('--help and --version need no cluster', async (t) => {
  const { run } = await startCluster(t, 1);
  const { code, stdout } = await run('--help');
  assert.equal(code, 0);
  assert.match(stdout, /kubectl nstats top/);
  assert.match(stdout, /--nstats-namespace/);
  assert.equal((await run('--version')).stdout, `${packageJson.version}\n`);
});
