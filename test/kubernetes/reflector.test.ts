import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { connect } from '../../lib/kubernetes/client.ts';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { type ApiServer, startApiServer } from '../lab/apiserver/server.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';

let directory: string;
let tls: ReturnType<typeof selfSigned>;
let api: ApiServer;
let stop: AbortController;
/** What a follower of the changes believes: uid to name. */
let known: Map<string, string>;
let failures: string[];
let following: Promise<void>;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'nstats-reflector-'));
  tls = selfSigned(directory, ['127.0.0.1']);
});
after(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  api = await startApiServer({ tls, tokens: new Map([['t', 'u']]) });
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, 't'));
  [stop, known, failures] = [new AbortController(), new Map(), []];
  following = follow(kubeconfig);
});

afterEach(async () => {
  stop.abort();
  await following;
  await api.close();
});

async function follow(kubeconfig: string): Promise<void> {
  const options = {
    client: connect(kubeconfig),
    path: '/api/v1/pods',
    fieldSelector: 'spec.nodeName=n',
  };
  const { signal } = stop;
  const changes = reflect({ ...options, signal, failed: (error) => failures.push(String(error)) });
  for await (const change of changes) {
    if (change.type === 'replace') known.clear();
    const objects = change.type === 'replace' ? change.objects : [change.object];
    for (const { metadata } of objects) {
      if (change.type === 'remove') known.delete(metadata?.uid ?? '');
      else known.set(metadata?.uid ?? '', metadata?.name ?? '');
    }
  }
}

const names = () => [...known.values()].toSorted().join();
const put = (name: string, nodeName = 'n') =>
  api.store.put('pods', pod({ name, nodeName, ips: [] }));
const lists = () => api.requests.filter(({ path }) => !path.includes('watch=')).length;

test('it lists once from the cache, then follows with a selector and bookmarks', async () => {
  put('a');
  put('elsewhere', 'm');
  await until(() => names() === 'a', 'the list');
  put('b');
  api.store.remove('pods', 'a', 'default');
  await until(() => names() === 'b', 'the changes');
  const [list, watch] = api.requests.map(({ path }) => new URL(path, 'https://x').searchParams);
  assert.equal(list?.get('fieldSelector'), 'spec.nodeName=n');
  assert.equal(list?.get('resourceVersion'), '0');
  assert.equal(watch?.get('allowWatchBookmarks'), 'true');
  const seconds = Number(watch?.get('timeoutSeconds'));
  assert.ok(seconds >= 300 && seconds < 600);
});

test('after a broken stream it goes on from where it was, without another list', async () => {
  put('a');
  await until(() => names() === 'a', 'the list');
  await until(() => api.requests.length === 2, 'the watch');
  api.cut();
  put('b');
  await until(() => names() === 'a,b', 'the change');
  assert.equal(lists(), 1);
});

test('after a 410 it lists again and forgets what has vanished meanwhile', async () => {
  put('a');
  put('b');
  await until(() => names() === 'a,b', 'the list');
  await until(() => api.requests.length === 2, 'the watch');
  api.fault(({ path }) => (path.includes('watch=') ? 'reset' : 'proceed'));
  api.cut();
  api.store.remove('pods', 'a', 'default');
  put('c');
  api.store.compact();
  api.fault(undefined);
  await until(() => names() === 'b,c', 'the new list');
  assert.equal(lists(), 2);
});

for (const status of [429, 500, 503]) {
  test(`a ${status} is not the end: it tries again`, async () => {
    stop.abort();
    await following;
    let refused = 0;
    api.fault(() =>
      refused++ < 2 ? { status, headers: { 'retry-after': '1' }, body: 'no' } : 'proceed',
    );
    put('a');
    [stop, following] = [new AbortController(), Promise.resolve()];
    following = follow(join(directory, 'kubeconfig'));
    await until(() => names() === 'a', 'the list');
    assert.equal(failures.length, 2);
    assert.match(failures[0] ?? '', new RegExp(`${status}`));
  });
}
