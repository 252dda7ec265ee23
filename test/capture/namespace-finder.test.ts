import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { NamespaceFinder } from '../../lib/capture/namespace-finder.ts';
import { ProcTree } from '../linux/recordings.ts';

const UID = '6f1f4f0e-1a2b-4c3d-8e9f-001122334455';
const OTHER = '7a1f4f0e-1a2b-4c3d-8e9f-001122334455';
const POD = { cgroupUid: UID, ips: ['10.0.0.1', 'fd00::1'] };
const WITHOUT_IPS = { cgroupUid: UID, ips: [] };

const inPod = (uid = UID) => `0::/kubepods/pod${uid}/abc\n`;
const trie = (...ips: readonly string[]) =>
  ['127.0.0.1', ...ips].map((ip) => `     |-- ${ip}\n        /32 host LOCAL\n`).join('');
const ETH0 = `    lo: ${'0 '.repeat(16)}\n  eth0: ${'0 '.repeat(16)}\n`;
const LO = `    lo: ${'0 '.repeat(16)}\n`;
const LINK_LOCAL = 'fe8000000000000000000000000000aa 04 40 20 80     eth0\n';

/** Files of a process of the pod whose namespace has eth0, and these addresses. */
const withAddress = (...ips: readonly string[]) => ({
  cgroup: inPod(),
  net_dev: ETH0,
  net_fib_trie: trie(...ips),
});
/** As gVisor leaves it: the kernel may give the interface an address of its link again. */
const bare = { cgroup: inPod(), net_dev: ETH0, net_fib_trie: trie(), net_if_inet6: LINK_LOCAL };
/** As `unshare -n` makes it, and gVisor for its file server. */
const empty = { cgroup: inPod(), net_dev: LO, net_fib_trie: '', net_if_inet6: '' };

/** A node on whose host's network the agent is not, and a finder on it whose time stands still. */
class Node extends ProcTree {
  #now = 0;
  #finder: NamespaceFinder | undefined;

  constructor(context: TestContext, own = 'agent') {
    super(context);
    context.mock.method(performance, 'now', () => this.#now);
    this.add(1, 'host', { cgroup: '0::/init.scope\n', net_fib_trie: trie('192.0.2.10') });
    this.add('self', own, { cgroup: '0::/\n', net_dev: ETH0, net_fib_trie: trie('10.0.0.2') });
  }

  get finder(): NamespaceFinder {
    this.#finder ??= new NamespaceFinder({ proc: this.path, interfaces: ['eth0'] });
    return this.#finder;
  }

  /** What is found now; the inode as the name that it was added by. */
  find(pod: typeof POD | typeof WITHOUT_IPS): string | undefined {
    this.finder.refresh();
    const { inode } = this.finder.find(pod) ?? {};
    const names = ['host', 'agent', 'pod', 'inner', 'other'].filter((name) => this.has(name));
    return names.find((name) => this.inode(name) === inode);
  }

  /** What is found after this time, and what was found at first. */
  findAfter(seconds: number, pod = POD): (string | undefined)[] {
    const first = this.find(pod);
    this.wait(seconds);
    return [first, this.find(pod)];
  }

  wait(seconds: number): void {
    this.#now += seconds * 1000;
  }

  end(pid: number): void {
    rmSync(join(this.path, `${pid}`), { recursive: true });
  }

  address(pid: number, ...ips: readonly string[]): void {
    writeFileSync(join(this.path, `${pid}`, 'net/fib_trie'), trie(...ips));
  }
}

describe('the agent’s own pod', () => {
  const OWN = { cgroupUid: OTHER, ips: ['10.0.0.2'] };

  test('is found by its address, whether its processes bear its UID or not', (t) => {
    const node = new Node(t);
    assert.equal(node.find(OWN), 'agent');
    assert.equal(node.finder.find(OWN)?.pid, 'self');
    node.add(20, 'agent', { cgroup: inPod(OTHER), net_fib_trie: trie('10.0.0.2') });
    node.finder.refresh();
    assert.equal(node.finder.find(OWN)?.pid, 20);
  });

  test('is found without an address where the host’s namespace is another one for sure', (t) => {
    const node = new Node(t);
    node.add(20, 'agent', { cgroup: inPod(), net_dev: ETH0 });
    assert.equal(node.find(WITHOUT_IPS), 'agent');
  });

  test('has to have the address where the host’s namespace cannot be read', (t) => {
    const node = new Node(t);
    node.end(1);
    node.add(20, 'agent', { cgroup: inPod(), net_dev: ETH0, net_fib_trie: trie('10.0.0.2') });
    assert.equal(node.find(WITHOUT_IPS), undefined);
    assert.equal(node.find(POD), undefined);
    assert.equal(node.find({ ...POD, ips: ['10.0.0.2'] }), 'agent');
  });

  test('is no pod if the agent runs in the host’s namespace, which may have any address', (t) => {
    const node = new Node(t, 'host');
    node.add(20, 'host', withAddress('10.0.0.1'));
    assert.equal(node.find(WITHOUT_IPS), undefined);
    assert.equal(node.find(POD), undefined);
    assert.equal(node.find({ ...POD, ips: ['10.0.0.2'] }), undefined);
  });
});

describe('a pod whose namespace has no address', () => {
  test('is found when that has been so for a while, and not before the API server has reported its addresses', (t) => {
    const node = new Node(t);
    node.add(19, 'inner', empty);
    node.add(20, 'pod', bare);
    assert.deepEqual(node.findAfter(4), [undefined, 'pod']);
    assert.ok(node.finder.hasDoubts);
  });

  test('is not taken for ready while its network is being made', (t) => {
    const node = new Node(t);
    node.add(20, 'pod', bare);
    assert.deepEqual(node.findAfter(2), [undefined, undefined]);
    node.address(20, '10.0.0.1');
    assert.equal(node.find(POD), 'pod');
    assert.ok(!node.finder.hasDoubts);
  });

  test('is not found in a namespace that another sandbox is making since', (t) => {
    const node = new Node(t);
    node.add(20, 'pod', bare);
    assert.equal(node.find(POD), undefined);
    node.wait(2);
    node.end(20);
    node.add(30, 'inner', bare);
    assert.deepEqual(node.findAfter(2), [undefined, undefined]);
  });

  test('is not found in one without the interface, nor where there are two to choose from', (t) => {
    const node = new Node(t);
    node.add(19, 'inner', empty);
    assert.deepEqual(node.findAfter(60), [undefined, undefined]);
    node.add(20, 'pod', bare);
    node.add(21, 'other', bare);
    assert.deepEqual(node.findAfter(60), [undefined, undefined]);
  });

  test('is not found in the host’s, nor in the agent’s, nor in one that another pod was in before', (t) => {
    const node = new Node(t);
    node.add(18, 'host', bare);
    node.add(19, 'other', { ...bare, cgroup: inPod(OTHER) });
    node.add(20, 'other', bare);
    assert.deepEqual(node.findAfter(60), [undefined, undefined]);
    node.wait(60);
    assert.equal(node.find(POD), undefined);
  });

  test('is found although another pod’s process has entered it since', (t) => {
    const node = new Node(t);
    node.add(20, 'pod', bare);
    node.add(25, 'pod', { ...bare, cgroup: inPod(OTHER) });
    assert.deepEqual(node.findAfter(60), [undefined, 'pod']);
  });

  test('is not found by the monitor of CRI-O, which is in the host’s namespace', (t) => {
    const node = new Node(t);
    const slice = `kubepods-pod${UID.replaceAll('-', '_')}.slice`;
    const cgroup = `0::/kubepods.slice/${slice}/crio-conmon-0123.scope\n`;
    node.add(19, 'inner', { ...bare, cgroup });
    assert.deepEqual(node.findAfter(60), [undefined, undefined]);
  });

  test('moves to a better one as soon as there is one', (t) => {
    const node = new Node(t);
    node.add(20, 'inner', bare);
    assert.deepEqual(node.findAfter(4), [undefined, 'inner']);
    const netns = { inode: node.inode('inner'), pid: 20 };
    assert.ok(node.finder.confirms(POD, netns));
    assert.ok(!node.finder.hasBetter(POD, netns));
    node.add(21, 'pod', withAddress('10.0.0.1'));
    node.finder.refresh();
    assert.ok(node.finder.hasBetter(POD, netns));
    assert.equal(node.find(POD), 'pod');
    assert.ok(!node.finder.confirms(POD, netns));
    assert.ok(!node.finder.hasDoubts);
  });

  test('is forgotten with its processes', (t) => {
    const node = new Node(t);
    node.add(20, 'pod', bare);
    assert.deepEqual(node.findAfter(4), [undefined, 'pod']);
    node.end(20);
    assert.equal(node.find(POD), undefined);
    assert.ok(!node.finder.hasDoubts);
  });
});

describe('a pod with an address, privileged, with namespaces inside of it', () => {
  const nested = {
    'an empty one': empty,
    'one with an interface and no address': bare,
    'a container of Docker': withAddress('172.17.0.2'),
  };
  for (const [what, files] of Object.entries(nested)) {
    test(`is found in its own and not in ${what}, be its process older or not`, (t) => {
      const node = new Node(t);
      node.add(10, 'inner', files);
      node.add(20, 'pod', withAddress('172.17.0.1', '10.0.0.1'));
      node.add(30, 'inner', files);
      assert.deepEqual(node.findAfter(60), ['pod', 'pod']);
    });
  }

  test('is found in none as long as its own is none of them', (t) => {
    const node = new Node(t);
    node.add(10, 'pod', withAddress('10.0.0.9'));
    assert.deepEqual(node.findAfter(60), [undefined, undefined]);
    node.add(20, 'inner', bare);
    assert.deepEqual(
      node.findAfter(60),
      [undefined, undefined],
      'even if only one is without an address',
    );
  });
});

test('without an address to compare a namespace that has the interface goes before an older one', (t) => {
  const node = new Node(t);
  node.add(19, 'inner', empty);
  assert.equal(node.find(WITHOUT_IPS), 'inner');
  node.add(20, 'pod', bare);
  assert.equal(node.find(WITHOUT_IPS), 'pod');
});

test('a namespace that was found without an address to compare is confirmed by it, or not', (t) => {
  const node = new Node(t);
  node.add(20, 'pod', withAddress('10.0.0.1'));
  node.add(21, 'inner', withAddress('172.17.0.2'));
  node.finder.refresh();
  assert.ok(node.finder.confirms(POD, { inode: node.inode('pod'), pid: 20 }));
  assert.ok(!node.finder.confirms(POD, { inode: node.inode('inner'), pid: 21 }));
  assert.ok(!node.finder.confirms(WITHOUT_IPS, { inode: node.inode('host'), pid: 1 }));
});

test('the more processes a node has, the less often they are read for pods that only wait', (t) => {
  const node = new Node(t);
  node.finder.refresh();
  node.wait(0.9);
  assert.ok(!node.finder.isDue);
  node.wait(0.2);
  assert.ok(node.finder.isDue);
  for (let pid = 1000; pid < 3000; pid += 1) mkdirSync(join(node.path, `${pid}`));
  node.finder.refresh();
  node.wait(1.5);
  assert.ok(!node.finder.isDue);
  node.wait(0.2);
  assert.ok(node.finder.isDue);
});
