import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Owner, SlotWatcher } from '../../lib/capture/interface-capture-types.ts';
import { podRecord } from '../../lib/kubernetes/records.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { Feed } from '../../lib/live/feed.ts';
import { type Frame, parseFrame, parseHello } from '../../lib/live/frame.ts';
import type { Slot } from '../../lib/model.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { pod } from '../lab/apiserver/objects.ts';

const NOW = 1_700_000_000_000;
const [OWN, PEER, FAR] = ['10.0.0.1', '10.0.0.2', '198.51.100.7'];
const CONFIG = { cluster: 'eu', node: 'n1', peersPerPod: 2 };
const STATES = {
  pending: 1,
  waiting: 1,
  starting: 1,
  running: 1,
  overloaded: 1,
  paused: 1,
  unavailable: 1,
};
const WEB: Owner = {
  pod: {
    uid: 'u',
    cgroupUid: 'u',
    namespace: 'shop',
    name: 'web',
    workload: 'Deployment/web',
    ips: [OWN],
  },
  selection: 'selected',
  gone: false,
  since: 0,
};

/** A pod that has the peer's address. */
function listed(name: string) {
  const { status } = pod({ name, ips: [PEER] });
  return podRecord({ metadata: { name, namespace: 'data', uid: name }, status: status ?? {} });
}

function slotOf(sent: { readonly [address: string]: number }, span: Partial<Slot> = {}): Slot {
  const [from, to] = [NOW - 2000, NOW];
  const pairs = Object.entries(sent).map(([remote, bytes]) => {
    return { local: OWN, remote, from, to, sent: bytes, received: 1 };
  });
  const nothing = { sent: 0, received: 0 };
  return {
    from,
    to,
    pairs,
    rest: nothing,
    lag: nothing,
    before: undefined,
    after: undefined,
    ...span,
  };
}

/** A feed of a node on which a test says what is captured and when half a second is over. */
function scene({ mock }: TestContext, config = CONFIG) {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: NOW });
  const directory = new Directory({ node: 'n1' });
  directory.replace('pod', [listed('db')], NOW - 60_000);
  directory.replace('node', [], NOW - 60_000);
  directory.replace('service', [], NOW - 60_000);
  const sync = new Sync(['pods']);
  sync.following('pods', true);
  let watcher: SlotWatcher | undefined;
  const capture = {
    watch: (each: SlotWatcher | undefined) => void (watcher = each),
    figures: { states: STATES } as never,
    source: 'iftop' as const,
  };
  const feed = new Feed({ config, capture, directory, sync });
  const lines: Buffer[] = [];
  const unwatch = feed.watch((line) => void lines.push(line));
  const next = (): Frame => {
    mock.timers.tick(500);
    return parseFrame(lines.at(-1)?.toString() ?? '');
  };
  const slot = (each: Slot, owner: Owner = WEB) => watcher?.(owner, 'eth0', each);
  const isWatched = () => watcher !== undefined;
  return { feed, directory, sync, lines, unwatch, slot, next, isWatched };
}

test('a frame has the slots since the last one, with the names that rows would have', (t) => {
  const { slot, next } = scene(t);
  slot(slotOf({ [PEER]: 100.4, [FAR]: 50 }));
  const { at, slots, notCaptured } = next();
  assert.equal(at, NOW + 500);
  assert.equal(notCaptured, 4);
  assert.deepEqual(slots, [
    {
      namespace: 'shop',
      pod: 'web',
      workload: 'Deployment/web',
      interface: 'eth0',
      from: NOW - 2000,
      to: NOW,
      flows: [
        {
          peer_kind: 'pod',
          peer_namespace: 'data',
          peer: 'db',
          peer_workload: 'Pod/db',
          port: '-',
          sentBytes: 100,
          receivedBytes: 1,
        },
        {
          peer_kind: 'external',
          peer_namespace: '-',
          peer: '198.51.100.0/24',
          peer_workload: '-',
          port: '-',
          sentBytes: 50,
          receivedBytes: 1,
        },
      ],
    },
  ]);
  assert.deepEqual(next().slots, []);
});

test('the hello says which agent it is', (t) => {
  const { feed } = scene(t);
  const { protocol, cluster, node, nodes, source } = parseHello(feed.hello.toString());
  assert.deepEqual([protocol, cluster, node, nodes, source], [1, 'eu', 'n1', 0, 'iftop']);
});

test('beyond PEERS_PER_POD the rest of a slot is one flow', (t) => {
  const { slot, next } = scene(t);
  slot(slotOf({ [FAR]: 5, '203.0.113.1': 7, [PEER]: 100 }, { rest: { sent: 3, received: 0 } }));
  const flows = next().slots[0]?.flows.map((flow) => [flow.peer_kind, flow.sentBytes]);
  assert.deepEqual(flows, [
    ['pod', 100],
    ['external', 7],
    ['other', 8],
  ]);
});

test('pods that are excluded, or not reported yet when a frame is made, are not shown', (t) => {
  const { slot, next } = scene(t);
  for (const selection of ['unknown', 'excluded'] as const)
    slot(slotOf({ [FAR]: 5 }), { ...WEB, selection });
  assert.deepEqual(next().slots, []);
  const late = { ...WEB, selection: 'unknown' as Owner['selection'] };
  slot(slotOf({ [FAR]: 5 }), late);
  late.selection = 'selected';
  assert.equal(next().slots.length, 1);
});

test('while the API server is not followed no pod is named', (t) => {
  const { slot, next, sync } = scene(t);
  sync.following('pods', false);
  slot(slotOf({ [PEER]: 5 }));
  assert.equal(next().slots[0]?.flows[0]?.peer_kind, 'unknown');
});

test('an address that two pods may have had is unknown, and is not counted', (t) => {
  const { slot, next, directory } = scene(t);
  directory.put(listed('other'), NOW - 1000);
  slot(slotOf({ [PEER]: 5 }));
  assert.equal(next().slots[0]?.flows[0]?.peer_kind, 'unknown');
  assert.equal(directory.ambiguous, 0);
});

test('a slot that began long before anybody watched is left out', (t) => {
  const { slot, next } = scene(t);
  slot(slotOf({ [FAR]: 5 }, { from: NOW - 9000 }));
  assert.deepEqual(next().slots, []);
});

test('all who watch get the same bytes, and when the last one goes nothing is watched', (t) => {
  const { feed, slot, next, lines, unwatch, isWatched } = scene(t);
  const others: Buffer[] = [];
  const end = feed.watch((line) => void others.push(line));
  slot(slotOf({ [FAR]: 5 }));
  next();
  assert.equal(others[0], lines[0]);
  unwatch();
  next();
  assert.deepEqual([lines.length, others.length], [1, 2]);
  end();
  assert.equal(isWatched(), false);
});

test('a frame never has more flows than a reader takes', (t) => {
  const { slot, next } = scene(t, { ...CONFIG, peersPerPod: 1000 });
  const sent = Object.fromEntries(
    Array.from({ length: 1100 }, (_, nth) => [`11.${nth >> 8}.${nth & 255}.1`, nth + 1]),
  );
  for (let nth = 0; nth < 60; nth += 1) slot(slotOf(sent));
  const { slots } = next();
  assert.equal(slots.length, 60);
  assert.ok(slots.every(({ flows }) => flows.at(-1)?.peer_kind === 'other'));
});
