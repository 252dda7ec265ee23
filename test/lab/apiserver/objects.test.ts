import assert from 'node:assert/strict';
import { test } from 'node:test';

import { node, pod, service } from './objects.ts';
import { listOf, recorded } from './recording.ts';

/** The types at the paths of an object, `spec.containers[].name: string`. */
function shape(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => shape(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, field]) => shape(field, `${path}.${name}`));
}

/** What is user's choice below these is not compared. */
const free = /\.(labels|annotations)\.|^\.status\.loadBalancer\./;

function assertShapedAs(name: string, ...objects: readonly object[]): void {
  const known = new Set(listOf(recorded(`api/${name}`)).items.flatMap((item) => shape(item)));
  const strange = objects.flatMap((object) => shape(object)).filter((at) => !known.has(at));
  assert.deepEqual(
    strange.filter((at) => !free.test(at)),
    [],
  );
}

test('pods have no field that recorded pods do not have', () => {
  const owner = { kind: 'ReplicaSet', name: 'web-1' };
  const [labels, annotations] = [{ a: 'b' }, { c: 'd' }];
  const options = { name: 'a', nodeName: 'n', owner, labels, annotations, hostNetwork: true };
  assertShapedAs('pods-rv0', pod(options), pod({ ...options, ips: ['10.0.0.2'] }));
});

test('services have no field that recorded services do not have', () => {
  assertShapedAs(
    'services-rv0',
    service({
      name: 'a',
      clusterIPs: ['10.96.0.9'],
      ports: [{ name: 'http', port: 80 }],
      ingressIPs: ['192.0.2.2'],
      type: 'LoadBalancer',
    }),
  );
});

test('nodes have no field that recorded nodes do not have', () => {
  assertShapedAs('nodes-rv0', node({ name: 'a', addresses: ['10.0.0.1'], zone: 'z' }));
});

test('a pod without an address or a node is pending and unscheduled', () => {
  const { spec, status } = pod({ name: 'a' });
  assert.equal(spec && 'nodeName' in spec, false);
  assert.deepEqual(status, { phase: 'Pending', qosClass: 'BestEffort' });
});
