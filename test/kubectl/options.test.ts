import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choiceOf, clusterOptionsOf, portOf, proxiesOf } from '../../daemon/kubectl/options.ts';

test('a pod is named with its namespace, in one option or two', () => {
  const both = { node: undefined, namespace: 'shop', workload: undefined, pod: 'web-1' };
  assert.deepEqual(choiceOf({ pod: 'shop/web-1' }), both);
  assert.deepEqual(choiceOf({ pod: 'web-1', namespace: 'shop' }), both);
  assert.deepEqual(choiceOf({ pod: 'shop/web-1', namespace: 'shop' }), both);
  assert.throws(() => choiceOf({ pod: 'shop/web-1', namespace: 'data' }), /--namespace is data/);
  assert.throws(() => choiceOf({ pod: 'web-1' }), /--pod needs --namespace/);
});

test('a workload is a kind and a name in a namespace', () => {
  const { workload } = choiceOf({ workload: 'Deployment/web', namespace: 'shop' });
  assert.equal(workload, 'Deployment/web');
  assert.throws(() => choiceOf({ workload: 'web', namespace: 'shop' }), /such as Deployment\/web/);
  assert.throws(() => choiceOf({ workload: 'Deployment/web' }), /--workload needs --namespace/);
});

test('what is no name is refused: it would be a part of a URL', () => {
  for (const wrong of ['', '../x', 'a b', 'A', 'x?y', '-a'])
    for (const option of ['node', 'namespace', 'pod'])
      assert.throws(() => choiceOf({ namespace: 'shop', [option]: wrong }), /--/, wrong);
  assert.throws(() => clusterOptionsOf({ 'nstats-namespace': 'a/b' }), /no name/);
});

test('a port is a number', () => {
  assert.deepEqual(portOf('8080'), { port: 8080 });
  assert.deepEqual(portOf(undefined), {});
  for (const wrong of ['0', '65536', 'x', '1e3', '']) assert.throws(() => portOf(wrong), /--port/);
});

test('proxies of the environment are found by either spelling', () => {
  const { http, https, no } = proxiesOf({ https_proxy: 'proxy:3128', NO_PROXY: 'a,b' });
  assert.deepEqual([http, https, no], [undefined, 'http://proxy:3128/', 'a,b']);
});
