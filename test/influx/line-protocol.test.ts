import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { attribute } from '../../lib/naming/attribute.ts';
import { missing } from '../../lib/accounting/missing.ts';
import { top } from '../../lib/report/top.ts';
import { encodeAgent, encodeTraffic } from '../../lib/influx/line-protocol.ts';
import { nameless } from '../../lib/naming/directory.ts';
import type { Edge, KernelBytes, LocalPod, Traffic } from '../../lib/model.ts';
import { add, kernels, NOTHING, pairs, someBytes } from '../accounting/making.ts';
import { parseLine, type Row } from './read-line-protocol.ts';

const TAGS = {
  nstat:
    'cluster namespace pod workload node zone interface peer_kind peer_namespace peer peer_workload peer_zone scope port label_team',
  nstat_pod: 'cluster namespace pod workload node interface label_team',
};
const context = { cluster: '-', node: 'n1', zone: 'z1', interval: 10_000, podLabels: [] };
const pod: LocalPod = {
  uid: 'u',
  cgroupUid: 'u',
  namespace: 'demo',
  name: 'web-1',
  workload: 'Deployment/web',
  ips: ['10.0.0.1'],
};
const service = { ...nameless('service', 'db'), namespace: 'demo' };
const kernel: KernelBytes = { sent: 1100, received: 90, sentPackets: 2, receivedPackets: 1 };

function traffic(edges: readonly Edge[], kernel?: KernelBytes): Traffic {
  const [attributed, overloaded] = [add(edges), false];
  const uncaptured = { sent: 40, received: 0 };
  const lost = missing({ kernel, uncaptured, overloaded, paused: undefined }, attributed);
  const totals = { kernel, uncounted: NOTHING, missing: lost };
  const end = 1_700_000_010_000;
  const rest = { overloaded, paused: false };
  return { pod, iface: 'eth0', end, edges, attributed, ...totals, ...rest };
}

function integer(row: Row | undefined, field: string): number {
  const [, digits = ''] = /^(\d+)i$/.exec(row?.fields.get(field) ?? '') ?? [];
  return digits === '' ? NaN : Number(digits);
}

test('a pod and its peer make these two rows, to the letter', () => {
  const lines = encodeTraffic(
    traffic([{ peer: service, sent: 1000, received: 50 }], kernel),
    context,
  );
  assert.deepEqual(lines, [
    'nstat,cluster=-,namespace=demo,pod=web-1,workload=Deployment/web,node=n1,zone=z1,interface=eth0,peer_kind=service,' +
      'peer_namespace=demo,peer=db,peer_workload=-,peer_zone=-,scope=-,port=- ' +
      'sendRate=800,receiveRate=40,sentBytes=1000i,receivedBytes=50i 1700000010',
    'nstat_pod,cluster=-,namespace=demo,pod=web-1,workload=Deployment/web,node=n1,interface=eth0 ' +
      'sentBytes=1100i,receivedBytes=90i,sentPackets=2i,receivedPackets=1i,' +
      'sentUncounted=0i,receivedUncounted=0i,' +
      'missingUncaptured=40i,missingOverload=0i,missingPaused=0i,missingOther=100i,' +
      'sentAttributed=1000i,receivedAttributed=50i,overloaded=0i,paused=0i 1700000010',
  ]);
});

test('a port is in its tag', () => {
  const [line = ''] = encodeTraffic(
    traffic([{ peer: service, port: '443/tcp', sent: 1, received: 0 }]),
    context,
  );
  assert.deepEqual(parseLine(line).tags.at(-1), ['port', '443/tcp']);
});

test('the rows of a window add up to what the pod’s row says, and none is empty', () => {
  const windows = fc.record({
    pairs,
    rest: someBytes,
    kernel: fc.option(kernels, { nil: undefined }),
  });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 10 }), (window, limit) => {
      const named = attribute(pod, window, (address) => nameless('external', address));
      const lines = encodeTraffic(traffic(top(named, window.rest, limit), window.kernel), context);
      const rows = lines.map(parseLine);
      const edges = rows.filter(({ measurement }) => measurement === 'nstat');
      const whole = rows.find(({ measurement }) => measurement === 'nstat_pod');
      const sums = add(
        edges.map((row) => ({
          sent: integer(row, 'sentBytes'),
          received: integer(row, 'receivedBytes'),
        })),
      );
      assert.deepEqual(sums, add([...window.pairs, window.rest]));
      if (whole) {
        assert.equal(integer(whole, 'sentAttributed'), sums.sent);
        assert.equal(integer(whole, 'receivedAttributed'), sums.received);
      } else assert.equal(edges.length, 0);
      for (const { fields } of rows) {
        assert.ok([...fields.values()].some((value) => Number(value.replace('i', '')) > 0));
      }
    }),
  );
});

test('a window without traffic writes nothing', () => {
  const none = { ...NOTHING, sentPackets: 0, receivedPackets: 0 };
  assert.deepEqual(encodeTraffic(traffic([], none), context), []);
  assert.deepEqual(encodeTraffic(traffic([]), context), []);
});

test('where the counters do not have all, the totals have what the rows have beyond them', () => {
  const stands = { sent: 1100, received: 0, sentPackets: 2, receivedPackets: 0 };
  const edges = [{ peer: service, sent: 1000, received: 5000 }];
  const uncounted = { sent: 0, received: 5000 };
  const [, line = ''] = encodeTraffic({ ...traffic(edges, stands), uncounted }, context);
  const row = parseLine(line);
  const fields = ['sentBytes', 'sentUncounted', 'receivedBytes', 'receivedUncounted'];
  assert.deepEqual(
    fields.map((field) => integer(row, field)),
    [1100, 0, 5000, 5000],
  );
  assert.equal(integer(row, 'receivedAttributed'), 5000);
  assert.equal(integer(row, 'missingUncaptured') + integer(row, 'missingOther'), 100);
});

test('without the kernel’s count its fields are left out, not zero', () => {
  const [, line = ''] = encodeTraffic(traffic([{ peer: service, sent: 1, received: 0 }]), context);
  const fields = [...parseLine(line).fields.keys()];
  assert.deepEqual(fields, ['sentAttributed', 'receivedAttributed', 'overloaded', 'paused']);
});

const nasty = fc.oneof(
  fc.constantFrom(...'| |\\|a\\|a\\\\|a\\ |,|=|a=b,c d|x\ny|\t|"'.split('|')),
  fc.constantFrom('größe', '名前', '🐙', 'a\\,b', '#', "'", '\r\n', '\u2028', '\0'),
  fc.string(),
);

test('whatever a name contains, the row can be read back, with every tag in its place', () => {
  const names = fc.record({ namespace: nasty, name: nasty, workload: nasty, zone: nasty });
  const podLabels = [{ key: 'team', tag: 'label_team' }];
  fc.assert(
    fc.property(names, names, nasty, nasty, (own, other, node, cluster) => {
      const named = {
        ...traffic([{ peer: { kind: 'pod', scope: 'zone', ...other }, sent: 1, received: 1 }]),
        pod: { ...pod, ...own, labels: { team: node } },
        iface: node,
      };
      const lines = encodeTraffic(named, { ...context, cluster, node, zone: own.zone, podLabels });
      const [edge, whole] = lines.map(parseLine);
      assert.ok(edge && whole && lines.length === 2);
      const who = [cluster, own.namespace, own.name, own.workload, node];
      const peer = [
        'pod',
        other.namespace,
        other.name,
        other.workload,
        other.zone,
        'zone',
        '-',
        node,
      ];
      assertTags(edge, TAGS.nstat, [...who, own.zone, node, ...peer]);
      assertTags(whole, TAGS.nstat_pod, [...who, node, node]);
    }),
    { numRuns: 500 },
  );
});

function blank(character: string): string {
  const isControl = character < ' ' || (character >= '\x7f' && character <= '\x9f');
  return isControl ? ' ' : character;
}

/** Control characters are spaces, spaces around it are gone, backslashes are slashes. */
function assertTags({ tags }: Row, names: string, values: readonly string[]): void {
  assert.equal(tags.map(([name]) => name).join(' '), names);
  for (const [at, [, written]] of tags.entries()) {
    const plain = Array.from(values[at] ?? '', blank)
      .join('')
      .trim();
    assert.equal(written, plain.replaceAll('\\', '/') || '-');
  }
}

test('rates are bits per second of a window, whatever its length', () => {
  const edge = { peer: service, sent: 1000, received: 3 };
  const [line = ''] = encodeTraffic(traffic([edge]), { ...context, interval: 60_000 });
  const { fields } = parseLine(line);
  assert.equal(Number(fields.get('sendRate')).toFixed(3), '133.333');
  assert.equal(fields.get('receiveRate'), '0.4');
});

test('a window that ends between two seconds bears the later one', () => {
  const rows = [1000, 1001, 1999].map((end) =>
    encodeAgent(ofNode('n1'), end, { a: { integer: 1 } }),
  );
  assert.deepEqual(
    rows.map((row) => parseLine(row).time),
    ['1', '2', '2'],
  );
});

test('the agent’s row has whole numbers with an i and others without', () => {
  const fields = { sessions: { integer: 3 }, cpuSeconds: { float: 0.25 }, odd: { float: NaN } };
  assert.equal(
    encodeAgent(ofNode('node 1'), 10_000, fields),
    'nstat_agent,cluster=-,node=node\\ 1,namespace=-,pod=- sessions=3i,cpuSeconds=0.25,odd=0 10',
  );
});

test('a sidecar’s row has the tags of the node agent’s row, and names its pod in them', () => {
  const sidecar = { namespace: 'shop', name: 'web 0' };
  assert.equal(
    encodeAgent({ cluster: 'eu', node: 'n1', sidecar }, 10_000, { sessions: { integer: 1 } }),
    'nstat_agent,cluster=eu,node=n1,namespace=shop,pod=web\\ 0 sessions=1i 10',
  );
});

function ofNode(node: string) {
  return { cluster: '-', node, sidecar: undefined };
}
