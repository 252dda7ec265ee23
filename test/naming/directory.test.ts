import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer } from '../../lib/model.ts';
import * as fc from 'fast-check';
import { Directory, nameless } from '../../lib/naming/directory.ts';
import { nodeRecord, type Owner, podRecord, serviceRecord } from '../../lib/kubernetes/records.ts';
import { objects } from '../kubernetes/recorded.ts';

const UNKNOWN = nameless('unknown', '-');
const IP = '10.0.0.1';
/** When what has no time of its own is heard, and when it is asked for. */
const [PAST, NOW] = [1000, 2000];

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
    since: 0,
    started: Infinity,
    running: false,
    ...more,
  };
}

/** A directory that has heard of everything in the past, and asked for `PAST` to `NOW`. */
function filled(...owners: readonly Owner[]): Directory {
  const directory = new Directory();
  for (const kind of ['pod', 'service', 'node'] as const) directory.replace(kind, [], PAST);
  for (const each of owners) directory.put(each, PAST);
  return directory;
}

function nameAt(directory: Directory, ip: string, from = NOW, to = NOW): string {
  const { kind, name } = directory.peer(ip, from, to);
  return kind === 'external' || kind === 'unknown' ? kind : name;
}

test('the recorded cluster is named: pods, services, the node, and what is none of them', () => {
  const directory = filled(
    ...objects('pods').map(podRecord),
    ...objects('services').map(serviceRecord),
    ...objects('nodes').map(nodeRecord),
  );
  const peer = (ip: string) => directory.peer(ip, Date.now(), Date.now());
  assert.deepEqual(peer('10.244.0.10'), {
    kind: 'pod',
    namespace: 'demo',
    name: 'web-6cd5976f84-2n5b8',
    workload: 'Deployment/web',
    zone: '-',
    scope: '-',
  });
  assert.deepEqual(peer('10.96.0.1'), {
    ...nameless('service', 'kubernetes'),
    namespace: 'default',
  });
  assert.deepEqual(peer('10.244.255.1'), nameless('node', 'vm'));
  assert.deepEqual(peer('10.244.0.14'), {
    ...nameless('external', '10.244.0.0/24'),
    scope: 'private',
  });
});

test('an address is a pod’s from its start until we hear that it is gone', () => {
  const directory = filled();
  directory.put(owner('pod', 'a', [IP, 'fd00::1'], { since: 5000 }), 7000);
  directory.remove({ kind: 'pod', uid: 'a', running: false }, 9000);
  directory.remove({ kind: 'pod', uid: 'a', running: false }, 9500);
  const names = [4999, 5000, 9000, 9001].map((at) => nameAt(directory, IP, at, at));
  assert.deepEqual(names, ['external', 'a', 'a', 'external']);
  assert.equal(nameAt(directory, 'fd00::1', 0, 5000), 'a', 'a span that it was there a part of');
});

test('a pod that was deleted while it ran may have its address for half a minute more', () => {
  const directory = filled(owner('pod', 'a', [IP]));
  directory.remove({ kind: 'pod', uid: 'a', running: true }, 5000);
  assert.equal(nameAt(directory, IP, 5001, 35_000), 'a');
  assert.equal(nameAt(directory, IP, 35_001, 36_000), 'external');
});

test('a pod that is gone has not the address any more that a later one surely has', () => {
  for (const [heard, started, surely] of [
    [9000, Infinity, 9000],
    [9000, 5000, 7000],
  ] as const) {
    const next = owner('pod', 'b', [IP], { since: 4000, started });
    const [before, after] = [filled(owner('pod', 'a', [IP])), filled(owner('pod', 'a', [IP]))];
    before.remove({ kind: 'pod', uid: 'a', running: true }, 8000);
    before.put(next, heard);
    after.put(next, heard);
    after.remove({ kind: 'pod', uid: 'a', running: false }, 12_000);
    for (const directory of [before, after]) {
      assert.equal(nameAt(directory, IP, 3000, 3999), 'a');
      assert.deepEqual(directory.peer(IP, surely - 1, 20_000), UNKNOWN);
      assert.equal(nameAt(directory, IP, surely + 1, 20_000), 'b');
    }
  }
});

test('an address that two had in a span is nobody’s, and each one’s in its own time', () => {
  const directory = filled();
  directory.put(owner('pod', 'a', [IP], { since: 1000 }), 1000);
  directory.remove({ kind: 'pod', uid: 'a', running: false }, 5000);
  directory.put(owner('pod', 'b', [IP], { since: 6000 }), 8000);
  assert.equal(nameAt(directory, IP, 1000, 5999), 'a');
  assert.equal(nameAt(directory, IP, 5001, 9000), 'b');
  assert.equal(directory.ambiguous, 0);
  assert.deepEqual(directory.peer(IP, 5000, 6000), UNKNOWN);
  assert.equal(directory.ambiguous, 1);
});

test('a successor that we hear of before its predecessor’s end overlaps it, and then does not', () => {
  const directory = filled(owner('pod', 'old', [IP]));
  directory.put(owner('pod', 'new', [IP], { since: 3000 }), 4000);
  assert.deepEqual(directory.peer(IP, 4000, 5000), UNKNOWN, 'while two have it');
  directory.put(owner('pod', 'old', []), 6000);
  assert.equal(nameAt(directory, IP, 6001, 7000), 'new');
  assert.equal(nameAt(directory, IP, 2000, 2999), 'old');
});

test('an object that is put again has its new addresses, and its old ones until then', () => {
  const directory = filled(owner('pod', 'a', [IP]));
  directory.put(owner('pod', 'a', ['10.0.0.2'], { since: 3000 }), 5000);
  assert.equal(nameAt(directory, IP, 5000, 5000), 'a');
  assert.equal(nameAt(directory, IP, 5001, 5001), 'external');
  assert.equal(nameAt(directory, '10.0.0.2', 5001, 5001), 'a');
});

test('what is put again unchanged has its addresses as before, under its latest name', () => {
  const directory = filled(owner('pod', 'a', [IP], { since: 100 }));
  directory.put(owner('pod', 'a', [IP], { since: 100, workload: 'Pod/a' }), 5000);
  assert.equal(directory.peer(IP, 100, 6000).workload, 'Pod/a');
  assert.equal(directory.ambiguous, 0);
});

test('an object from the future, by its own clock, has its address when we hear of it', () => {
  const directory = filled();
  directory.put(owner('pod', 'a', [IP], { since: 99_000 }), 5000);
  assert.equal(nameAt(directory, IP, 5000, 5000), 'a');
});

test('what ended long ago is forgotten, what did not is kept', () => {
  const directory = filled(owner('pod', 'stays', ['10.0.0.9']));
  for (const [uid, end] of [
    ['a', 5000],
    ['b', 6000],
  ] as const) {
    directory.put(owner('pod', uid, [IP], { since: end - 500 }), end - 500);
    directory.remove({ kind: 'pod', uid, running: false }, end);
  }
  directory.forget(6000);
  assert.equal(nameAt(directory, IP, 5000, 5000), 'external');
  assert.equal(nameAt(directory, IP, 6000, 6000), 'b');
  directory.forget(6001);
  assert.equal(directory.size, 1);
  assert.equal(nameAt(directory, '10.0.0.9', 6000, 6000), 'stays');
});

test('objects are told apart by UID, not by name, and by kind', () => {
  const directory = filled(
    owner('pod', 'first', [IP], { name: 'db-0' }),
    owner('pod', 'second', ['10.0.0.2'], { name: 'db-0' }),
    owner('service', 'first', ['10.96.0.1']),
  );
  directory.remove({ kind: 'pod', uid: 'first', running: false }, PAST);
  const kinds = [IP, '10.0.0.2', '10.96.0.1'].map((ip) => directory.peer(ip, NOW, NOW).kind);
  assert.deepEqual(kinds, ['external', 'pod', 'service']);
});

test('what is listed anew replaces what was there of its kind', () => {
  const directory = filled(owner('pod', 'gone', [IP]), owner('service', 's', ['10.96.0.1']));
  const listed = [owner('pod', 'a', ['10.0.0.2']), owner('pod', 'b', ['10.0.0.3'])];
  directory.replace('pod', listed, PAST);
  const names = [IP, '10.0.0.2', '10.0.0.3', '10.96.0.1'].map((ip) => nameAt(directory, ip));
  assert.deepEqual(names, ['external', 'a', 'b', 's']);
});

test('a node goes before a service, and a service before a pod', () => {
  const directory = filled(
    owner('pod', 'p', [IP]),
    owner('service', 's', [IP]),
    owner('node', 'n', [IP]),
  );
  for (const kind of ['node', 'service', 'pod'] as const) {
    assert.equal(directory.peer(IP, NOW, NOW).kind, kind);
    directory.remove({ kind, uid: kind.slice(0, 1), running: false }, PAST);
  }
  assert.equal(directory.peer(IP, NOW, NOW).kind, 'external');
});

test('a kind goes before another only where it had the address all the while', () => {
  const directory = filled(owner('node', 'n', [IP]));
  directory.put(owner('pod', 'p', [IP], { since: 3000 }), 3000);
  directory.remove({ kind: 'node', uid: 'n', running: false }, 5000);
  assert.equal(nameAt(directory, IP, 3000, 5000), 'n');
  assert.deepEqual(directory.peer(IP, 3000, 5001), UNKNOWN);
  assert.equal(nameAt(directory, IP, 5001, 6000), 'p');
});

/** Two of a kind with one address for good, the first of which is its name. */
const shared: readonly [what: string, name: string, ...Owner[]][] = [
  [
    'the older of two services',
    'z',
    owner('service', '1', [IP], { name: 'z', since: 100 }),
    owner('service', '2', [IP], { name: 'a', since: 200 }),
  ],
  [
    'the first by namespace of two services of one second',
    'z',
    owner('service', '2', [IP], { namespace: 'a', name: 'z' }),
    owner('service', '1', [IP], { namespace: 'b', name: 'a' }),
  ],
  [
    'the first by name of three services of one second',
    'A',
    owner('service', '2', [IP], { name: 'a' }),
    owner('service', '1', [IP, '10.0.0.2'], { name: 'b' }),
    owner('service', '3', [IP], { name: 'A' }),
  ],
  [
    'the newer of two nodes',
    'z',
    owner('node', '1', ['10.0.0.2', IP], { name: 'z', since: 200 }),
    owner('node', '2', [IP], { name: 'a', since: 100 }),
  ],
  [
    'the first by name of two nodes of one second, whatever else has it',
    'a',
    owner('node', '2', [IP], { name: 'a' }),
    owner('node', '1', [IP], { name: 'b' }),
    owner('service', '3', [IP], { name: 'c' }),
    owner('pod', '4', [IP], { name: 'd' }),
  ],
];

for (const [what, name, ...owners] of shared) {
  test(`an address that several have for good is ${what}, in whatever order they are heard of`, () => {
    const anyOrder = fc.shuffledSubarray(owners, { minLength: owners.length });
    const moments = fc.array(fc.integer({ min: 300, max: PAST }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(anyOrder, moments, fc.boolean(), (owners, moments, again) => {
        const directory = filled();
        moments.sort((a, b) => a - b);
        for (const [place, each] of owners.entries()) directory.put(each, moments[place] ?? PAST);
        const one = owners[0];
        if (again && one) directory.put({ ...one }, PAST);
        assert.equal(nameAt(directory, IP), name);
        assert.equal(directory.ambiguous, 0);
      }),
    );
  });
}

test('an address that services share has its name from the first list on', () => {
  const services = [owner('service', 'a', [IP]), owner('service', 'b', [IP])];
  for (const listed of [services, services.toReversed()]) {
    const directory = filled();
    directory.replace('service', listed, 5000);
    assert.equal(nameAt(directory, IP, 4000, 6000), 'a');
  }
});

test('when one of those who share an address goes, it is the other’s, who had it all the while', () => {
  for (const [gone, kept] of ['ab', 'ba']) {
    const directory = filled(owner('service', 'a', [IP]), owner('service', 'b', [IP]));
    directory.remove({ kind: 'service', uid: gone ?? '', running: false }, 5000);
    const names = [nameAt(directory, IP, 3000, 4000), nameAt(directory, IP, 4000, 6000)];
    assert.deepEqual(names, ['a', kept]);
    assert.equal(nameAt(directory, IP, 6000, 7000), kept);
    assert.equal(directory.ambiguous, 0);
  }
});

test('one who comes to share an address has not had it before', () => {
  const directory = filled(owner('service', 'new', [IP], { since: 900 }));
  const older = owner('service', 'old', ['10.0.0.2'], { since: 100 });
  directory.put(older, PAST);
  directory.put({ ...older, ips: ['10.0.0.2', IP] }, 5000);
  assert.equal(nameAt(directory, IP, 4000, 6000), 'new');
  assert.equal(nameAt(directory, IP, 5000, 6000), 'old');
});

test('an address that goes from one service, or node, to another is neither’s in between', () => {
  for (const kind of ['service', 'node'] as const) {
    for (const together of [false, true]) {
      const directory = filled(owner(kind, 'a', [IP]), owner(kind, 'b', []));
      if (together) directory.put(owner(kind, 'b', [IP]), 5000);
      directory.put(owner(kind, 'a', []), 6000);
      if (!together) directory.put(owner(kind, 'b', [IP]), 7000);
      assert.equal(nameAt(directory, IP, 3000, 4000), 'a');
      assert.deepEqual(directory.peer(IP, 4500, 7500), UNKNOWN);
      assert.equal(nameAt(directory, IP, 7500, 8000), 'b');
      assert.equal(directory.ambiguous, 1);
    }
  }
});

test('whatever happens to an address, who is its name had it whenever anybody had', () => {
  const uids = ['a', 'b', 'c'];
  const step = fc.record({
    uid: fc.constantFrom(...uids),
    act: fc.constantFrom('has', 'has', 'has not', 'gone'),
  });
  const asked = fc.tuple(fc.nat({ max: 25 }), fc.nat({ max: 25 }));
  fc.assert(
    fc.property(
      fc.constantFrom('service', 'node'),
      fc.array(step, { maxLength: 20 }),
      fc.array(asked, { minLength: 10 }),
      (kind, steps, spans) => {
        const directory = filled();
        /** Who has it from each second on. */
        const holders: ReadonlySet<string>[] = [new Set()];
        for (const [place, { uid, act }] of steps.entries()) {
          const at = PAST + 1000 * place;
          const now = new Set(holders.at(-1));
          if (act === 'has') now.add(uid);
          else now.delete(uid);
          holders.push(now);
          const since = 100 * uids.indexOf(uid);
          if (act === 'gone') directory.remove({ kind, uid, running: false }, at);
          else directory.put(owner(kind, uid, act === 'has' ? [IP] : [], { since }), at);
        }
        const latest = holders.at(-1) ?? new Set();
        const first = kind === 'service' ? [...latest].sort()[0] : [...latest].sort().at(-1);
        assert.equal(nameAt(directory, IP, 1e6, 1e6), first ?? 'external');
        for (const [one, other] of spans) {
          const [from, to] = [Math.min(one, other), Math.max(one, other)];
          const name = nameAt(directory, IP, PAST + 1000 * from - 500, PAST + 1000 * to - 500);
          const then = holders.slice(from, to + 1).filter((holder) => holder.size > 0);
          if (uids.includes(name)) assert.ok(then.every((holder) => holder.has(name)));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('two pods that live with one address are nobody', () => {
  const directory = filled(owner('pod', 'a', [IP]), owner('pod', 'b', [IP]));
  assert.deepEqual(directory.peer(IP, NOW, NOW), UNKNOWN);
  assert.equal(directory.ambiguous, 1);
});

const outside = (name: string, scope: Peer['scope']) => ({
  ...nameless('external', name),
  scope,
});

test('an address that nobody owns is unknown inside the nodes’ ranges and external outside', () => {
  const podCidrs = ['10.244.1.0/24', 'fd00:1::/64'];
  const directory = filled(owner('node', 'n', ['192.0.2.1'], { podCidrs }));
  for (const ip of ['10.244.1.9', 'fd00:1::9'])
    assert.deepEqual(directory.peer(ip, NOW, NOW), UNKNOWN);
  assert.deepEqual(directory.peer('10.244.2.9', NOW, NOW), outside('10.244.2.0/24', 'private'));
  assert.deepEqual(
    directory.peer('2001:db8:1:2::9', NOW, NOW),
    outside('2001:db8:1::/48', 'internet'),
  );
  directory.remove({ kind: 'node', uid: 'n', running: false }, PAST);
  assert.equal(directory.peer('10.244.1.9', NOW, NOW).kind, 'external');
});

test('the first addresses of a node’s range are the node’s, unless a pod has them', () => {
  const podCidrs = ['10.244.1.0/24', 'fd00:1::/64'];
  const node = owner('node', 'n', ['192.0.2.1'], { podCidrs, zone: 'z' });
  const directory = filled(node, owner('pod', 'p', ['fd00:1::1']));
  const ips = ['10.244.1.0', '10.244.1.1', 'fd00:1::', 'fd00:1::1', '10.244.1.2'];
  assert.deepEqual(
    ips.map((ip) => nameAt(directory, ip)),
    ['n', 'n', 'n', 'p', 'unknown'],
  );
  assert.deepEqual(directory.peer('10.244.1.1', NOW, NOW), { ...nameless('node', 'n'), zone: 'z' });
});

test('while a kind has not been listed an address for private use may be somebody’s', () => {
  const directory = new Directory();
  const ips = ['10.96.0.1', '100.64.0.1', 'fd00::1', '203.0.113.1'];
  const kinds = () => ips.map((ip) => directory.peer(ip, NOW, NOW).kind);
  directory.replace('pod', [], PAST);
  directory.replace('node', [], PAST);
  assert.deepEqual(kinds(), ['unknown', 'unknown', 'unknown', 'external']);
  directory.replace('service', [], PAST);
  assert.deepEqual(new Set(kinds()), new Set(['external']));
});

test('while it is not certain that all was heard, what may be a pod’s is not named', () => {
  const directory = filled(owner('pod', 'p', [IP]), owner('service', 's', ['10.96.0.1']));
  const kindOf = (ip: string) => directory.peer(ip, NOW, NOW, false).kind;
  const kinds = [IP, '10.96.0.1', '10.0.0.2', '203.0.113.1'].map(kindOf);
  assert.deepEqual(kinds, ['unknown', 'service', 'unknown', 'external']);
});

test('an outside address has the name that is configured, one of the cluster its own', () => {
  const directory = new Directory({ networkOf: () => ({ name: 'office' }) });
  for (const kind of ['pod', 'service', 'node'] as const) directory.replace(kind, [], PAST);
  directory.put(owner('pod', 'p', [IP]), PAST);
  directory.put(owner('node', 'n', [], { podCidrs: ['10.0.0.0/24'] }), PAST);
  assert.equal(nameAt(directory, IP), 'p');
  assert.deepEqual(directory.peer('10.0.0.7', NOW, NOW), UNKNOWN);
  const office = { ...nameless('external', 'office'), scope: 'internet' };
  assert.deepEqual(directory.peer('203.0.113.1', NOW, NOW), office);
});

test('a pod is in the zone of its node, as soon as that is known', () => {
  const directory = filled(owner('pod', 'p', ['10.0.0.1'], { node: 'n1' }));
  assert.equal(directory.peer('10.0.0.1', NOW, NOW).zone, '-');
  directory.put(owner('node', 'u1', ['192.0.2.1'], { name: 'n1', zone: 'z1' }), PAST);
  assert.equal(directory.peer('10.0.0.1', NOW, NOW).zone, 'z1');
  assert.equal(directory.peer('192.0.2.1', NOW, NOW).zone, 'z1');
  assert.deepEqual([directory.zoneOf('n1'), directory.zoneOf('n2')], ['z1', '-']);
});

test('a node that was made again under its name keeps its zone when the old one is removed', () => {
  const [old, fresh] = ['old', 'new'].map((uid) =>
    owner('node', uid, [], { name: 'n1', zone: uid }),
  );
  assert.ok(old && fresh);
  const directory = filled(old, fresh);
  directory.remove(old, PAST);
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
      const directory = filled();
      const present = new Map<string, Owner>();
      for (const [each, stays] of steps) {
        present.delete(`${each.kind} ${each.uid}`);
        if (stays) present.set(`${each.kind} ${each.uid}`, each);
        if (stays) directory.put(each, PAST);
        else directory.remove(each, PAST);
      }
      const anew = filled(...present.values());
      directory.forget(NOW);
      assert.equal(directory.size, anew.size);
      for (const ip of ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3']) {
        assert.deepEqual(directory.peer(ip, NOW, NOW), anew.peer(ip, NOW, NOW));
      }
    }),
  );
});

test('a sidecar that may not list pods has addresses instead of networks', () => {
  const directory = new Directory({ rawUntilListed: true });
  assert.equal(directory.peer('10.1.2.3', NOW, NOW).name, '10.1.2.3');
  for (const kind of ['pod', 'service', 'node'] as const) directory.replace(kind, [], PAST);
  assert.equal(directory.peer('10.1.2.3', NOW, NOW).name, '10.1.2.0/24');
});
