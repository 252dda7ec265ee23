import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DeclaredPorts, type Declaring, portsOf } from '../../lib/kubernetes/declared-ports.ts';
import { objectOf } from '../../lib/kubernetes/object-schema.ts';
import type { Change } from '../../lib/kubernetes/reflector.ts';
import { objects } from './recorded.ts';

/** What a listener has been told by now. Nothing is ever told twice. */
function listen(declared: DeclaredPorts): Set<string> {
  const told = new Set<string>();
  declared.listen((protocol, port, isDeclared) => {
    const name = `${port}/${protocol}`;
    assert.ok(isDeclared ? !told.has(name) : told.delete(name), name);
    if (isDeclared) told.add(name);
  });
  return told;
}

/** The ports of an object, read as from the API server. */
function read(object: object): string[] {
  const declared = new DeclaredPorts();
  const ports = portsOf(objectOf(object));
  declared.apply('pod', { type: 'put', object: { owner: { uid: 'a' }, ports } });
  return [...listen(declared)];
}

test('the ports of the recorded services and pods, with those of nodes, and those of named ports at the pods', () => {
  const declared = (['services', 'pods'] as const).flatMap((resource) =>
    objects(resource).map((each) => [each.metadata?.name, read(each).join(' ')]),
  );
  assert.deepEqual(Object.fromEntries(declared.filter(([, ports]) => ports !== '')), {
    kubernetes: '443/tcp 6443/tcp',
    db: '5432/tcp',
    web: '80/tcp',
    'web-headless': '8080/tcp',
    'web-nodeport': '80/tcp 81/tcp 8080/tcp 30475/tcp 31473/tcp',
    'db-0': '5432/tcp',
    hostnet: '18080/tcp',
    hostport: '8080/tcp 18081/tcp',
    'static-web-vm': '8080/tcp',
    two: '9090/tcp',
    'web-6cd5976f84-2n5b8': '8080/tcp',
    'web-6cd5976f84-qswtp': '8080/tcp',
  });
});

test('init containers and each protocol count, what is no port does not, and a pod that has ended has none', () => {
  const ports = [
    { containerPort: 53, protocol: 'UDP' },
    { containerPort: 53, protocol: 'TCP' },
    { containerPort: 36412, protocol: 'SCTP' },
    { containerPort: 1, protocol: 'ICMP' },
    { containerPort: 0 },
    { containerPort: 65_536 },
    { containerPort: '80' },
  ];
  const spec = { containers: [{}, { ports: 'none' }], initContainers: [{ ports }] };
  assert.deepEqual(read({ spec }), ['53/tcp', '53/udp', '36412/sctp']);
  assert.deepEqual(read({ spec, status: { phase: 'Succeeded' } }), []);
});

/** How many ports of a range of so many are declared. */
function ofRange(length: number): number {
  const ports = Array.from({ length }, (_, at) => ({ containerPort: 50_000 + at }));
  return read({ spec: { containers: [{ ports }] } }).length;
}

test('a range of ports, each of which would be a series, is not declared', () => {
  assert.deepEqual([100, 101, 10_000].map(ofRange), [100, 0, 0]);
});

const declaring = fc.record({
  owner: fc.record({ uid: fc.constantFrom('a', 'b', 'c', 'd') }),
  ports: fc.subarray([53, 443, 65_536 + 53, 2 * 65_536 + 9]),
});
const changes: fc.Arbitrary<Change<Declaring>> = fc.oneof(
  fc.record({ type: fc.constantFrom('put' as const, 'remove' as const), object: declaring }),
  fc.record({ type: fc.constant('replace' as const), objects: fc.array(declaring) }),
);

test('a port is declared as long as an object has it, whatever changes, and each listener is told all', () => {
  const kinds = fc.constantFrom('pod' as const, 'service' as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(kinds, changes), { maxLength: 30 }), (steps) => {
      const declared = new DeclaredPorts();
      const told = listen(declared);
      const known = { pod: new Map<string, string[]>(), service: new Map<string, string[]>() };
      for (const [kind, change] of steps) {
        declared.apply(kind, change);
        if (change.type === 'replace') known[kind].clear();
        const put = change.type === 'replace' ? change.objects : [change.object];
        for (const { owner, ports } of put)
          known[kind].set(owner.uid, change.type === 'remove' ? [] : ports.map(nameOf));
        const all = [...known.pod.values(), ...known.service.values()].flat();
        assert.deepEqual([...told].sort(), [...new Set(all)].sort());
      }
      assert.deepEqual([...listen(declared)].sort(), [...told].sort());
    }),
  );
});

function nameOf(port: number): string {
  return `${port % 65_536}/${['tcp', 'udp', 'sctp'][Math.floor(port / 65_536)]}`;
}
