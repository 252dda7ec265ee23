import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Candidate, Selection } from '../../lib/kubernetes/selection.ts';
import type { LocalPod } from '../../lib/model.ts';

/** A selection, and the pods that it has told to observe: by name, with whether they were off before. */
function select(wanted: (pod: LocalPod) => boolean = () => true) {
  const on = new Map<string, boolean>();
  let lists = 0;
  const selection = new Selection(
    {
      put: (pod, wasOff) => void on.set(pod.cgroupUid, wasOff),
      remove: (cgroupUid) => void on.delete(cgroupUid),
      replace(told) {
        lists += 1;
        on.clear();
        for (const { cgroupUid, pod, wasOff } of told) if (pod) on.set(cgroupUid, wasOff);
      },
    },
    wanted,
  );
  return { selection, on, lists: () => lists };
}

function candidate(name: string, namespace: string, observe?: boolean): Candidate {
  const pod = { uid: name, cgroupUid: name, namespace, name, workload: '-', ips: [] };
  return { cgroupUid: name, pod, observe };
}

const web = candidate('web', 'shop');
const db = candidate('db', 'data');
const listed = (...objects: Candidate[]) => ({ type: 'replace', objects }) as const;
const put = <T>(object: T) => ({ type: 'put', object }) as const;
const off = (name: string) => ({ name, observe: false });
const plain = (name: string) => ({ name, observe: undefined });
const namespaces = (...objects: (ReturnType<typeof off> | ReturnType<typeof plain>)[]) =>
  ({ type: 'replace', objects }) as const;

test('no pod is told of before it is known which namespaces are off, then all at once', () => {
  const { selection, on, lists } = select();
  selection.pods(listed(web, db));
  selection.pods(put(candidate('late', 'shop')));
  assert.equal(lists(), 0);
  selection.namespaces(namespaces(off('shop'), plain('data')));
  assert.deepEqual([...on], [['db', false]]);
});

test('the order does not matter', () => {
  const { selection, on } = select();
  selection.namespaces(namespaces(off('shop')));
  assert.deepEqual([...on], []);
  selection.pods(listed(web, db));
  assert.deepEqual([...on.keys()], ['db']);
});

test('when namespaces are not told for too long, pods are, and a namespace that is off later', () => {
  const { selection, on } = select();
  selection.pods(listed(web, db));
  selection.doNotWait();
  assert.deepEqual([...on.keys()], ['web', 'db']);
  selection.namespaces(namespaces(off('shop'), plain('data')));
  assert.deepEqual([...on.keys()], ['db']);
});

test('a namespace is turned off and on again, and its pods are known to have been off', () => {
  const { selection, on } = select();
  selection.pods(listed(web, db));
  selection.namespaces(namespaces(plain('shop')));
  selection.namespaces(put(off('shop')));
  assert.deepEqual([...on], [['db', false]]);
  selection.pods(put(candidate('new', 'shop')));
  assert.ok(!on.has('new'));
  selection.namespaces(put(plain('shop')));
  assert.deepEqual(
    new Set(on),
    new Set([
      ['db', false],
      ['web', true],
      ['new', true],
    ] as const),
  );
});

test('a namespace that is deleted is not off any more', () => {
  const { selection, on } = select();
  selection.namespaces(namespaces(off('shop')));
  selection.namespaces({ type: 'remove', object: off('shop') });
  selection.pods(listed(web));
  assert.deepEqual([...on.keys()], ['web']);
});

test('a pod’s own annotation goes before its namespace’s, both ways', () => {
  const { selection, on } = select();
  selection.namespaces(namespaces(off('shop')));
  const pods = [candidate('on', 'shop', true), candidate('off', 'data', false), web, db];
  selection.pods(listed(...pods));
  assert.deepEqual([...on.keys()], ['on', 'db']);
  selection.pods(put(candidate('on', 'shop')));
  selection.pods(put(candidate('off', 'data')));
  assert.deepEqual(
    [...on],
    [
      ['db', false],
      ['off', true],
    ],
  );
});

test('a pod that was off is known to have been after another list', () => {
  const { selection, on } = select();
  selection.namespaces(namespaces());
  selection.pods(listed({ ...web, observe: false }));
  selection.pods(listed(web));
  assert.deepEqual([...on], [['web', true]]);
});

test('no annotation turns a pod on that the configuration leaves out', () => {
  const { selection, on } = select(({ namespace }) => namespace !== 'shop');
  selection.namespaces(namespaces());
  selection.pods(listed(candidate('web', 'shop', true), db));
  assert.deepEqual([...on.keys()], ['db']);
});

test('a pod that has ended or is gone is none to observe', () => {
  const { selection, on } = select();
  selection.namespaces(namespaces());
  selection.pods(listed(web, db));
  selection.pods(put({ ...web, pod: undefined }));
  selection.pods({ type: 'remove', object: db });
  assert.deepEqual([...on], []);
});

const named = (name: string, own: LocalPod['labels']): Candidate => {
  const { pod, ...rest } = candidate(name, 'shop');
  return { ...rest, pod: pod && { ...pod, ...(own && { labels: own }) } };
};

const shop = (own: LocalPod['labels']) => ({ ...plain('shop'), ...(own && { labels: own }) });

/** A selection, and the labels of the pods that it has told to observe, by name. */
function labelled() {
  const labels = new Map<string, LocalPod['labels']>();
  const keep = (pod: LocalPod | undefined) => pod && void labels.set(pod.name, pod.labels);
  const selection = new Selection(
    {
      put: keep,
      remove: () => {},
      replace: (told) => told.forEach(({ pod }) => keep(pod)),
    },
    () => true,
  );
  return { selection, labels };
}

test('a pod has its own labels, and its namespace’s where it has none', () => {
  const { selection, labels } = labelled();
  selection.pods(listed(named('web', { team: 'a' }), named('db', {})));
  selection.namespaces({ type: 'replace', objects: [shop({ team: 'b', tier: 'gold' })] });
  assert.deepEqual(labels.get('web'), { team: 'a', tier: 'gold' });
  assert.deepEqual(labels.get('db'), { team: 'b', tier: 'gold' });
  // The namespace is given to another team, and the pod to none.
  selection.namespaces(put(shop({ team: 'c' })));
  assert.deepEqual(labels.get('db'), { team: 'c' });
  selection.pods(put(named('web', {})));
  assert.deepEqual(labels.get('web'), { team: 'c' });
  selection.namespaces(put(shop(undefined)));
  assert.deepEqual(labels.get('web') ?? {}, {});
});

test('a namespace of the name of one that is gone has not its labels', () => {
  const { selection, labels } = labelled();
  selection.pods(listed(named('old', {})));
  selection.namespaces({ type: 'replace', objects: [shop({ team: 'b' })] });
  selection.namespaces({ type: 'remove', object: shop({ team: 'b' }) });
  assert.deepEqual(labels.get('old'), { team: 'b' });
  selection.pods(put(named('new', {})));
  assert.deepEqual(labels.get('new'), {});
  selection.namespaces(put(shop({ team: 'c' })));
  assert.deepEqual(labels.get('new'), { team: 'c' });
});
