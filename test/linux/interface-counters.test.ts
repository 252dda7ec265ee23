import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  between,
  continued,
  parseNetDev,
  readNetDev,
  UNUSED,
} from '../../lib/linux/interface-counters.ts';
import { LAYOUTS, ProcTree, recording } from './recordings.ts';

const HEAD =
  'Inter-|   Receive                                                |  Transmit\n' +
  ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
const NET_DEV = `${HEAD}    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:   11356     146    1    2    3     4          5         6      822      11    7    8    9    10      11         12
`;
const ETH0 = { sentBytes: 822, sentPackets: 11, receivedBytes: 11_356, receivedPackets: 146 };
const LO = { sentBytes: 0, sentPackets: 0, receivedBytes: 0, receivedPackets: 0 };

for (const layout of LAYOUTS) {
  test(`${layout}: eth0 of every recorded pod network is read, and no other is made up`, () => {
    const { processes, host } = recording(layout);
    for (const { netns, files } of processes) {
      const [, received, sent] = /eth0: *(\d+)(?: +\d+){7} +(\d+)/.exec(files.net_dev) ?? [];
      const counters = parseNetDev(files.net_dev, 'eth0');
      if (netns !== host) assert.ok(received && sent);
      assert.equal(counters?.receivedBytes, received && Number(received));
      assert.equal(counters?.sentBytes, sent && Number(sent));
      assert.ok(parseNetDev(files.net_dev, 'lo'));
      assert.equal(parseNetDev(files.net_dev, 'nope'), undefined);
    }
  });
}

test('each figure is taken from its column', () => {
  assert.deepEqual(parseNetDev(NET_DEV, 'eth0'), ETH0);
  assert.deepEqual(parseNetDev(NET_DEV, 'lo'), LO);
});

test('an interface is told by its whole name, wherever its numbers begin', () => {
  const text = NET_DEV.replace('  eth0:   11356', '  eth0:11356').replace('    lo:', 'eth0:1:');
  assert.deepEqual(parseNetDev(text, 'eth0'), ETH0);
  assert.deepEqual(parseNetDev(text, 'eth0:1'), LO);
  for (const name of ['eth', 'th0', 'eth00', 'face', 'Inter-|', '']) {
    assert.equal(parseNetDev(text, name), undefined, name);
  }
});

test('a line that is cut short or garbled is no counters', () => {
  for (const text of [
    '',
    HEAD,
    NET_DEV.slice(0, -60),
    NET_DEV.replace('822', '8x2'),
    'eth0:',
    'eth0: 1 2',
  ]) {
    assert.equal(parseNetDev(text, 'eth0'), undefined, text);
  }
});

test('between two readings an Ethernet header is taken off each packet', () => {
  const before = { sentBytes: 1000, sentPackets: 10, receivedBytes: 500, receivedPackets: 5 };
  const after = { sentBytes: 2514, sentPackets: 11, receivedBytes: 500, receivedPackets: 5 };
  assert.deepEqual(between(before, after), {
    sent: 1500,
    received: 0,
    sentPackets: 1,
    receivedPackets: 0,
  });
});

test('a counter in either direction that went back belongs to a new interface', () => {
  const before = { sentBytes: 1000, sentPackets: 10, receivedBytes: 1000, receivedPackets: 10 };
  const after = { sentBytes: 5028, sentPackets: 2, receivedBytes: 114, receivedPackets: 1 };
  const fresh = { sent: 5000, received: 100, sentPackets: 2, receivedPackets: 1 };
  assert.deepEqual(between(before, after), fresh);
});

test('an interface that is parted from its peer keeps what it has received, one that is replaced does not', () => {
  const earlier = { sentBytes: 1000, sentPackets: 10, receivedBytes: 900, receivedPackets: 9 };
  const nothing = { receivedBytes: 0, receivedPackets: 0 };
  const parted = { sentBytes: 1100, sentPackets: 11, ...nothing };
  assert.deepEqual(continued(parted, earlier), { ...earlier, sentBytes: 1100, sentPackets: 11 });
  for (const replaced of [UNUSED, { sentBytes: 90, sentPackets: 1, ...nothing }])
    assert.deepEqual(continued(replaced, earlier), replaced);
  assert.deepEqual(continued(parted, undefined), parted);
});

test('counters are read through a process that is still in the namespace', (t) => {
  const tree = new ProcTree(t);
  tree.add(10, 'other', { net_dev: NET_DEV.replace('822', '999') });
  tree.add(11, 'own', { net_dev: NET_DEV });
  const read = (...pids: (number | undefined)[]) => readNetDev(tree.path, tree.inode('own'), pids);
  assert.deepEqual(read(undefined, 9, 10, 11), NET_DEV);
  assert.equal(read(undefined, 9, 10), undefined);
  assert.equal(read(), undefined);
});
