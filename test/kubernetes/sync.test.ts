import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { ApiError } from '../../lib/kubernetes/client/client.ts';

/** Of a cluster whose pods are listed and followed. */
function sync(): Sync {
  const sync = new Sync(['pods', 'namespaces']);
  sync.listed('pods');
  sync.following('pods', true);
  return sync;
}

const forbidden = new ApiError('/api/v1/namespaces', 403, {}, 'no');

test('windows wait until namespaces have been listed once, and for no watch of them', () => {
  const one = sync();
  assert.equal(one.since, Infinity);
  one.listed('namespaces');
  assert.ok(Number.isFinite(one.since));
  assert.ok(one.complete);
  one.following('namespaces', false);
  assert.ok(Number.isFinite(one.since));
});

test('namespaces that may not be listed, or are not told for long, are not waited for', () => {
  const denied = sync();
  denied.failed('namespaces', forbidden);
  assert.ok(Number.isFinite(denied.since) && denied.complete);
  assert.match(denied.reasons.join('\n'), /namespaces: .*nstats\/observe has no effect/);
  const late = sync();
  late.failed('namespaces', new Error('500'));
  assert.equal(late.since, Infinity);
  late.excuse('namespaces');
  assert.ok(Number.isFinite(late.since));
  assert.equal(late.complete, false, 'what has not been listed is still said');
});

test('without the pods of the node nothing is complete, and what windows wait for is named alone', () => {
  const all = new Sync(['pods of n', 'pods', 'namespaces']);
  for (const resource of ['pods of n', 'pods', 'namespaces']) {
    all.listed(resource);
    all.following(resource, true);
  }
  assert.ok(all.complete);
  all.following('namespaces', false);
  const moment = performance.now();
  all.following('pods', false);
  assert.deepEqual(all.lateFor(moment), ['pods']);
  all.following('pods', true);
  assert.deepEqual(all.lateFor(moment), ['pods'], 'it is followed, but was not then');
  assert.deepEqual(all.lateFor(performance.now()), []);

  const denied = new Sync(['pods of n', 'pods']);
  denied.listed('pods');
  denied.failed('pods of n', forbidden);
  assert.equal(denied.complete, false);
  assert.match(
    denied.reasons.join('\n'),
    /pods of n: the service account may not list them \(RBAC\), so nothing is observed/,
  );
});
