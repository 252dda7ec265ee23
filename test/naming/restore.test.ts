import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Directory, type OwnedAddress } from '../../lib/naming/directory.ts';
import type { Owner } from '../../lib/kubernetes/records.ts';

const IP = '10.0.0.2';

function pod(name: string, since: number): Owner {
  return {
    uid: name,
    kind: 'pod',
    namespace: 'shop',
    name,
    workload: `Pod/${name}`,
    node: 'n',
    zone: '',
    ips: [IP],
    podCidrs: [],
    since,
    started: since,
    running: true,
  };
}

/** What a process that knew of a pod up to a moment leaves of a window from 90 s to 100 s. */
function left(known: number): OwnedAddress[] {
  const before = new Directory();
  before.replace('pod', [pod('first', 10_000)], 50_000);
  return JSON.parse(JSON.stringify(before.tenures([IP, '10.0.0.9'], 90_000, 100_000, known)));
}

function next(pods: readonly Owner[], order: 'listed first' | 'restored first'): Directory {
  const directory = new Directory();
  const list = () => directory.replace('pod', pods, 150_000);
  if (order === 'listed first') list();
  directory.restore(left(96_000));
  if (order !== 'listed first') list();
  return directory;
}

for (const order of ['listed first', 'restored first'] as const) {
  test(`a pod that has gone by the restart is named in the window of before: ${order}`, () => {
    assert.equal(next([], order).peer(IP, 91_000, 99_000).name, 'first');
    assert.notEqual(
      next([], order).peer(IP, 97_000, 99_000).name,
      'first',
      'not after it was known',
    );
  });

  test(`and one that is still there, before and after: ${order}`, () => {
    const directory = next([pod('first', 10_000)], order);
    assert.equal(directory.peer(IP, 91_000, 99_000).name, 'first');
    assert.equal(directory.peer(IP, 151_000, 160_000).name, 'first');
  });

  test(`a later pod with its address gets nothing of it, and the other way round: ${order}`, () => {
    const directory = next([pod('second', 120_000)], order);
    assert.equal(directory.peer(IP, 91_000, 99_000).name, 'first');
    assert.equal(directory.peer(IP, 151_000, 160_000).name, 'second');
  });

  test(`a pod that had it when it was not followed any more is not mistaken: ${order}`, () => {
    const directory = next([pod('second', 93_000)], order);
    assert.notEqual(directory.peer(IP, 91_000, 99_000).name, 'first');
    assert.equal(directory.peer(IP, 96_000, 99_000).name, 'second');
  });
}

test('nothing is known of an address after the cluster was not followed any more', () => {
  const directory = new Directory();
  directory.restore(left(60_000));
  assert.notEqual(directory.peer(IP, 91_000, 99_000).name, 'first');
  directory.forget(200_000);
  assert.equal(directory.size, 0);
});
