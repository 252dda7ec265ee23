import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PodRegistry } from '../../lib/capture/pod-registry.ts';
import { fakeCaptures, POD } from './fake-source.ts';

test('a pod that was discovered is taken for what the API server reports of it', () => {
  const changed: string[] = [];
  const { options } = fakeCaptures();
  const registry = new PodRegistry(options, ({ pod }, isNews) => {
    changed.push(`${pod.name} ${isNews}`);
  });
  for (const cgroupUid of ['u', 'off', 'ended']) registry.discover(cgroupUid);
  registry.replace([
    { cgroupUid: 'u', pod: POD, wasOff: false },
    { cgroupUid: 'off', pod: undefined, wasOff: false },
  ]);
  registry.put(POD, false);
  registry.discover('u');
  assert.deepEqual(changed, ['web-0 true', 'web-0 false']);
  const states = registry.pods.map(({ pod, selection, gone }) => [pod.name, selection, gone]);
  assert.deepEqual(states, [
    ['web-0', 'selected', false],
    ['off', 'excluded', true],
    ['ended', 'unknown', true],
  ]);
  registry.forgetFinished();
  assert.deepEqual(
    registry.pods.map(({ pod }) => pod.name),
    ['web-0'],
  );
});
