import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { portsOf } from '../../lib/kubernetes/declared-ports.ts';
import { type KubernetesObject, objectOf } from '../../lib/kubernetes/object-schema.ts';
import {
  hasEnded,
  namespaceRecord,
  type Owner,
  nodeRecord,
  OBSERVE,
  podRecord,
  REGION,
  serviceRecord,
  ZONE,
} from '../../lib/kubernetes/records.ts';
import { SHARED_RESOURCES, type SharedResource, stripped } from '../../lib/kubernetes/stripped.ts';
import { NODE_ANNOTATIONS } from '../../lib/kubernetes/node/node-annotations.ts';
import { DEPLOYMENT_CONFIG, HASHED, NAMED } from '../../lib/kubernetes/workload/controllers.ts';
import { objects } from '../kubernetes/recorded.ts';

/** What an agent keeps of an object of each resource. */
const READ: { readonly [resource in SharedResource]: (object: KubernetesObject) => unknown } = {
  pods: (object) => [
    hasEnded(object) ? ended(podRecord(object)) : podRecord(object),
    portsOf(object),
  ],
  services: (object) => [serviceRecord(object), portsOf(object)],
  nodes: nodeRecord,
  namespaces: (object) => namespaceRecord(object, Object.keys(object.metadata?.labels ?? {})),
};

/** A pod that has ended has no address, so it does not matter since when. */
function ended(owner: Owner): Owner {
  return { ...owner, since: 0, started: 0, running: false };
}

const sent = (resource: SharedResource, object: KubernetesObject) =>
  objectOf(JSON.parse(JSON.stringify(stripped(resource, object))));

for (const resource of ['pods', 'services', 'nodes'] as const)
  test(`agents read of stripped ${resource} what they read of whole ones`, () => {
    const all = objects(resource);
    assert.ok(all.length > 0);
    for (const object of all.map(objectOf))
      assert.deepEqual(READ[resource](sent(resource, object)), READ[resource](object));
  });

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const time = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T03:04:05Z', 'soon');
const ip = fc.constantFrom('10.0.0.1', 'fd00::1', '10.0.0.999', '');
const keys = [
  ...[...HASHED, ...NAMED].map(([, label]) => label),
  ...Object.values(DEPLOYMENT_CONFIG),
  ...NODE_ANNOTATIONS.keys(),
  ZONE,
  REGION,
  OBSERVE,
  'app',
  'team',
];
const texts = maybe(fc.dictionary(fc.constantFrom(...keys), word, { maxKeys: 6 }));
const statuses = maybe(
  fc.array(
    fc.record({
      state: fc.oneof(
        fc.record({ running: fc.record({ startedAt: maybe(time) }) }),
        fc.record({ terminated: fc.record({ startedAt: maybe(time) }) }),
        fc.constant({ waiting: {} }),
      ),
    }),
    { maxLength: 3 },
  ),
);
const port = fc.record({
  protocol: maybe(fc.constantFrom('TCP', 'UDP')),
  containerPort: fc.nat(7e4),
  hostPort: fc.nat(7e4),
  port: fc.nat(7e4),
  targetPort: fc.nat(7e4),
  nodePort: fc.nat(7e4),
});
const containers = maybe(fc.array(fc.record({ ports: maybe(fc.array(port)) }), { maxLength: 3 }));
const anything = fc.record({
  metadata: fc.record({
    uid: word,
    name: word,
    namespace: maybe(word),
    resourceVersion: fc.constant('7'),
    creationTimestamp: maybe(time),
    labels: texts,
    annotations: texts,
    ownerReferences: maybe(
      fc.array(
        fc.record({
          kind: fc.constantFrom('ReplicaSet', 'Job', 'Node', 'ReplicationController', 'Pod'),
          name: fc.oneof(word, fc.constantFrom('web-12345', 'job-29000000')),
          controller: maybe(fc.boolean()),
        }),
        { maxLength: 2 },
      ),
    ),
  }),
  spec: maybe(
    fc.record({
      nodeName: maybe(word),
      hostNetwork: maybe(fc.boolean()),
      clusterIP: maybe(ip),
      clusterIPs: maybe(fc.array(ip)),
      externalIPs: maybe(fc.array(ip)),
      podCIDR: maybe(fc.constant('10.1.0.0/24')),
      ports: maybe(fc.array(port)),
      containers,
      initContainers: containers,
    }),
  ),
  status: maybe(
    fc.record({
      phase: maybe(fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed')),
      startTime: maybe(time),
      podIP: maybe(ip),
      podIPs: maybe(fc.array(fc.record({ ip }))),
      containerStatuses: statuses,
      initContainerStatuses: statuses,
      addresses: maybe(
        fc.array(
          fc.record({
            type: word,
            address: ip,
          }),
        ),
      ),
      loadBalancer: maybe(fc.record({ ingress: maybe(fc.array(fc.record({ ip }))) })),
    }),
  ),
});

for (const resource of SHARED_RESOURCES)
  test(`so they do of any ${resource}`, () => {
    fc.assert(
      fc.property(anything, (given) => {
        const { spec: { ports, containers, initContainers, ...rest } = {}, ...others } = given;
        const spec =
          resource === 'pods' ? { ...rest, containers, initContainers } : { ...rest, ports };
        const object = objectOf(JSON.parse(JSON.stringify({ ...others, spec })));
        assert.deepEqual(READ[resource](sent(resource, object)), READ[resource](object));
      }),
      { numRuns: 500 },
    );
  });
