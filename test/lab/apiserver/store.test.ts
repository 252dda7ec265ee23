import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pod } from './objects.ts';
import { type Change, Store } from './store.ts';

test('one counter runs over all resources', () => {
  const store = new Store();
  const versions = [
    store.put('pods', pod({ name: 'a' })),
    store.put('nodes', { metadata: { name: 'n' } }),
    store.put('pods', pod({ name: 'a' })),
  ].map(({ metadata }) => Number(metadata.resourceVersion));
  assert.deepEqual(versions, [2, 3, 4]);
  assert.deepEqual([store.versionOf('pods'), store.versionOf('nodes')], [4, 3]);
});

test('an update keeps the uid, a name used again has a new one', () => {
  const store = new Store();
  const first = store.put('pods', pod({ name: 'a' })).metadata.uid;
  assert.equal(store.put('pods', pod({ name: 'a' })).metadata.uid, first);
  store.remove('pods', 'a', 'default');
  assert.notEqual(store.put('pods', pod({ name: 'a' })).metadata.uid, first);
});

test('another uid under a taken name is a deletion and a creation', () => {
  const store = new Store();
  const seen: string[] = [];
  store.subscribe('pods', ({ type, object }: Change) =>
    seen.push(`${type} ${object.metadata.uid}`),
  );
  store.put('pods', pod({ name: 'a', uid: '1' }));
  store.put('pods', pod({ name: 'a', uid: '2' }));
  assert.deepEqual(seen, ['ADDED 1', 'DELETED 1', 'ADDED 2']);
});

test('what is stored cannot be changed from outside', () => {
  const store = new Store();
  const labels = { app: 'a' };
  const stored = store.put('pods', { metadata: { name: 'a', labels } });
  labels.app = 'b';
  assert.equal(store.get('pods', 'a')?.metadata.labels?.['app'], 'a');
  assert.throws(() => Object.assign(stored.metadata, { uid: 'x' }), TypeError);
});

test('the past can be listed until it is compacted', () => {
  const store = new Store();
  const names = (at?: number) => store.list('pods', at).map(({ metadata }) => metadata.name);
  store.put('pods', pod({ name: 'a' }));
  store.put('pods', pod({ name: 'b' }));
  const { version } = store;
  store.remove('pods', 'a', 'default');
  store.put('pods', pod({ name: 'c' }));
  assert.deepEqual([names(version - 1), names(version), names()], [['a'], ['a', 'b'], ['b', 'c']]);
  store.compact();
  assert.deepEqual([store.compacted, store.since('pods', 0)], [store.version, []]);
});

test('only so many changes are remembered of each resource', () => {
  const store = new Store(2);
  store.put('nodes', { metadata: { name: 'n' } });
  for (const name of ['a', 'b', 'c', 'd', 'e']) store.put('pods', pod({ name }));
  const versions = store.since('pods', 0).map(({ version }) => version);
  assert.deepEqual(versions, [5, 6, 7]);
  assert.deepEqual([store.compactedOf('pods'), store.compactedOf('nodes')], [4, 1]);
});

test('a list shows every write, the one before it was asked for again too', () => {
  const store = new Store();
  const names = () => store.list('pods').map(({ metadata }) => metadata.name);
  store.put('pods', pod({ name: 'b' }));
  assert.deepEqual(names(), ['b']);
  store.put('pods', pod({ name: 'a' }));
  assert.deepEqual(names(), ['a', 'b']);
  store.remove('pods', 'b', 'default');
  assert.deepEqual(names(), ['a']);
});
