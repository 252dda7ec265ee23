import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Followed } from '../../../daemon/top/screen/followed.ts';
import { viewOf } from '../views.ts';

function podOf(name: string, send: number, workload = 'Deployment/web') {
  return viewOf(name, 'x', send, { workload });
}

test('a pod that is there is followed, also while it is silent', () => {
  const followed = new Followed(podOf('web-1', 1));
  assert.equal(followed.look([podOf('web-1', 1), podOf('web-2', 9)]), 'web-1');
  assert.equal(followed.look([podOf('web-1', 0), podOf('web-2', 9)]), 'web-1');
});

test('the newest pod of the workload stands for one that is gone, until that one is back', () => {
  const followed = new Followed(podOf('web-1', 1));
  followed.look([podOf('web-1', 1), podOf('web-2', 1)]);
  const silent = [podOf('web-1', 0), podOf('web-2', 1), podOf('web-3', 1)];
  assert.equal(followed.look(silent), 'web-3');
  assert.equal(followed.look([podOf('web-2', 1), podOf('web-4', 1), podOf('web-3', 1)]), 'web-4');
  assert.equal(followed.look([podOf('web-2', 1), podOf('db-1', 1, 'StatefulSet/db')]), 'web-2');
  assert.equal(followed.look([podOf('web-1', 1), podOf('web-4', 1)]), 'web-1');
});

test('nothing stands for a pod without a workload', () => {
  const followed = new Followed(podOf('bare', 1, '-'));
  followed.look([podOf('bare', 1, '-')]);
  assert.equal(followed.look([podOf('other', 1, '-')]), 'bare');
});
