import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Directory, nameless } from '../../lib/kubernetes/directory.ts';
import { nodeRecord, type Owner, podRecord, serviceRecord } from '../../lib/kubernetes/records.ts';
import { objects } from './recorded.ts';

const UNKNOWN = nameless('unknown', '-');

function owner(
  kind: Owner['kind'],
  uid: string,
  ips: readonly string[],
  more: Partial<Owner> = {},
): Owner {
  const namespace = kind === 'node' ? '' : 'demo';
  return {
    kind,
    uid,
    namespace,
    name: uid,
    workload: '',
    node: '',
    zone: '',
    ips,
    podCidrs: [],
    ...more,
  };
}

function filled(...owners: readonly Owner[]): Directory {
  const directory = new Directory();
  for (const each of owners) directory.put(each);
  return directory;
}

test('the recorded cluster is named: pods, services, the node, and what is none of them', () => {
  const directory = filled(
    ...objects('pods').map(podRecord),
    ...objects('services').map(serviceRecord),
    ...objects('nodes').map(nodeRecord),
  );
  const web = {
    kind: 'pod',
    namespace: 'demo',
    name: 'web-6cd5976f84-2n5b8',
    workload: 'Deployment/web',
    zone: '-',
  };
  assert.deepEqual(directory.peer('10.244.0.10'), web);
  assert.deepEqual(directory.peer('10.96.0.1'), {
    ...nameless('service', 'kubernetes'),
    namespace: 'default',
  });
  assert.deepEqual(directory.peer('10.244.255.1'), nameless('node', 'vm'));
  assert.deepEqual(directory.peer('10.244.0.14'), nameless('external', '10.244.0.0/24'));
});

test('an address is a pod’s until the pod is removed', () => {
  const directory = filled(owner('pod', 'a', ['10.0.0.1', 'fd00::1']));
  assert.equal(directory.peer('fd00::1').name, 'a');
  directory.remove({ kind: 'pod', uid: 'a' });
  directory.remove({ kind: 'pod', uid: 'a' });
  assert.equal(directory.peer('10.0.0.1').kind, 'external');
  assert.equal(directory.size, 0);
});

test('an object that is put again has its new addresses and no others', () => {
  const directory = filled(owner('pod', 'a', ['10.0.0.1']), owner('pod', 'a', ['10.0.0.2']));
  assert.equal(directory.peer('10.0.0.1').kind, 'external');
  assert.equal(directory.peer('10.0.0.2').name, 'a');
});

test('an address passes to its next owner when the last one lets go of it', () => {
  const directory = filled(owner('pod', 'old', ['10.0.0.1']), owner('pod', 'new', ['10.0.0.1']));
  assert.deepEqual(directory.peer('10.0.0.1'), UNKNOWN, 'while two own it');
  directory.put(owner('pod', 'old', []));
  assert.equal(directory.peer('10.0.0.1').name, 'new');
});

test('objects are told apart by UID, not by name, and by kind', () => {
  const directory = filled(
    owner('pod', 'first', ['10.0.0.1'], { name: 'db-0' }),
    owner('pod', 'second', ['10.0.0.2'], { name: 'db-0' }),
    owner('service', 'first', ['10.96.0.1']),
  );
  directory.remove({ kind: 'pod', uid: 'first' });
  const kinds = ['10.0.0.1', '10.0.0.2', '10.96.0.1'].map((ip) => directory.peer(ip).kind);
  assert.deepEqual(kinds, ['external', 'pod', 'service']);
});

test('what is listed anew replaces what was there of its kind', () => {
  const directory = filled(
    owner('pod', 'gone', ['10.0.0.1']),
    owner('service', 's', ['10.96.0.1']),
  );
  directory.replace('pod', [owner('pod', 'a', ['10.0.0.2']), owner('pod', 'b', ['10.0.0.3'])]);
  const kinds = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.96.0.1'].map(
    (ip) => directory.peer(ip).kind,
  );
  assert.deepEqual(kinds, ['external', 'pod', 'pod', 'service']);
});

test('a node goes before a service, and a service before a pod', () => {
  const ip = '10.0.0.1';
  const directory = filled(
    owner('pod', 'p', [ip]),
    owner('service', 's', [ip]),
    owner('node', 'n', [ip]),
  );
  for (const kind of ['node', 'service', 'pod'] as const) {
    assert.equal(directory.peer(ip).kind, kind);
    directory.remove({ kind, uid: kind.slice(0, 1) });
  }
  assert.equal(directory.peer(ip).kind, 'external');
});

test('two services with one address are nobody, even if a pod has it too', () => {
  const ips = ['10.0.0.1'];
  const directory = filled(
    owner('service', 'a', ips),
    owner('service', 'b', ips),
    owner('pod', 'p', ips),
  );
  assert.deepEqual(directory.peer('10.0.0.1'), UNKNOWN);
});

test('an address that nobody owns is unknown inside the nodes’ ranges and external outside', () => {
  const podCidrs = ['10.244.1.0/24', 'fd00:1::/64'];
  const directory = filled(owner('node', 'n', ['192.0.2.1'], { podCidrs }));
  for (const ip of ['10.244.1.9', 'fd00:1::9']) assert.deepEqual(directory.peer(ip), UNKNOWN);
  assert.deepEqual(directory.peer('10.244.2.9'), nameless('external', '10.244.2.0/24'));
  assert.deepEqual(directory.peer('2001:db8:1:2::9'), nameless('external', '2001:db8:1::/48'));
  directory.remove({ kind: 'node', uid: 'n' });
  assert.equal(directory.peer('10.244.1.9').kind, 'external');
});

test('a pod is in the zone of its node, as soon as that is known', () => {
  const directory = filled(owner('pod', 'p', ['10.0.0.1'], { node: 'n1' }));
  assert.equal(directory.peer('10.0.0.1').zone, '-');
  directory.put(owner('node', 'u1', ['192.0.2.1'], { name: 'n1', zone: 'z1' }));
  assert.equal(directory.peer('10.0.0.1').zone, 'z1');
  assert.equal(directory.peer('192.0.2.1').zone, 'z1');
  assert.deepEqual([directory.zoneOf('n1'), directory.zoneOf('n2')], ['z1', '-']);
});

test('a node that was made again under its name keeps its zone when the old one is removed', () => {
  const [old, fresh] = ['old', 'new'].map((uid) =>
    owner('node', uid, [], { name: 'n1', zone: uid }),
  );
  assert.ok(old && fresh);
  const directory = filled(old, fresh);
  directory.remove(old);
  assert.equal(directory.zoneOf('n1'), 'new');
});

test('whatever was put and removed before, only what is there now counts', () => {
  const owners = fc
    .tuple(
      fc.constantFrom('pod', 'service', 'node'),
      fc.constantFrom('a', 'b', 'c'),
      fc.uniqueArray(fc.nat(3)),
    )
    .map(([kind, uid, hosts]) =>
      owner(
        kind,
        uid,
        hosts.map((host) => `10.0.0.${host}`),
      ),
    );
  const steps = fc.array(fc.tuple(owners, fc.boolean()), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (steps) => {
      const directory = new Directory();
      const present = new Map<string, Owner>();
      for (const [each, stays] of steps) {
        present.delete(`${each.kind} ${each.uid}`);
        if (stays) present.set(`${each.kind} ${each.uid}`, each);
        if (stays) directory.put(each);
        else directory.remove(each);
      }
      const anew = filled(...present.values());
      assert.equal(directory.size, anew.size);
      for (const ip of ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3']) {
        assert.deepEqual(directory.peer(ip), anew.peer(ip));
      }
    }),
  );
});

test('a sidecar that may not list pods has addresses instead of networks', () => {
  const directory = new Directory({ rawUntilListed: true });
  assert.equal(directory.peer('10.1.2.3').name, '10.1.2.3');
  directory.replace('pod', []);
  assert.equal(directory.peer('10.1.2.3').name, '10.1.2.0/24');
});
