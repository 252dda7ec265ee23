import assert from 'node:assert/strict';
import { beforeEach, afterEach, test } from 'node:test';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { type ApiServer, startApiServer } from '../lab/apiserver/server.ts';
import { until } from '../lab/influx.ts';
import { site } from './site.ts';

const { tls, kubeconfig, write } = site();
let api: ApiServer;
let stop: AbortController;
/** What a follower of the changes believes: uid to name. */
let known: Map<string, string>;
let failures: string[];
let current: boolean;
let following: Promise<void>;

beforeEach(async () => {
  api = await startApiServer({ tls, tokens: new Map([['t', 'u']]) });
  write(api.url);
  [stop, known, failures, current] = [new AbortController(), new Map(), [], false];
  following = follow();
});

afterEach(async () => {
  stop.abort();
  await following;
  await api.close();
});

async function follow(idleTimeout = 60_000): Promise<void> {
  const changes = reflect({
    client: connect(kubeconfig),
    path: '/api/v1/pods',
    fieldSelector: 'spec.nodeName=n',
    project: ({ metadata }) => ({ uid: metadata?.uid ?? '', name: metadata?.name ?? '' }),
    signal: stop.signal,
    idleTimeout,
    following: (yes) => void (current = yes),
    failed: (error) => failures.push(String(error)),
  });
  for await (const change of changes) {
    if (change.type === 'replace') {
      known = new Map(change.objects.map(({ uid, name }) => [uid, name]));
    } else if (change.type === 'put') known.set(change.object.uid, change.object.name);
    else known.delete(change.object.uid);
  }
}

const names = () => [...known.values()].toSorted().join();
const put = (name: string, nodeName = 'n') =>
  api.store.put('pods', pod({ name, nodeName, ips: [] }));
const requests = (kind: 'list' | 'watch') =>
  api.requests
    .filter(({ path }) => path.includes('watch=') === (kind === 'watch'))
    .map(({ path }) => new URL(path, 'https://x').searchParams);

test('it lists once from the cache, then follows with a selector and bookmarks', async () => {
  put('a');
  put('elsewhere', 'm');
  await until(() => names() === 'a', 'the list');
  put('b');
  api.store.remove('pods', 'a', 'default');
  await until(() => names() === 'b', 'the changes');
  const [[list], [watch]] = [requests('list'), requests('watch')];
  assert.equal(list?.get('fieldSelector'), 'spec.nodeName=n');
  assert.equal(list?.get('resourceVersion'), '0');
  assert.equal(watch?.get('allowWatchBookmarks'), 'true');
  const seconds = Number(watch?.get('timeoutSeconds'));
  assert.ok(seconds >= 300 && seconds < 600);
});

test('after a broken stream it goes on from where it was, without another list', async () => {
  put('a');
  await until(() => names() === 'a' && current, 'the list and the watch');
  api.fault(({ path }) => (path.includes('watch=') ? 'reset' : 'proceed'));
  api.cut();
  await until(() => !current, 'the break');
  put('b');
  api.fault(undefined);
  await until(() => names() === 'a,b' && current, 'the change');
  assert.equal(requests('list').length, 1);
});

test('after a 410 it lists again, no older than it was, and forgets what has vanished', async () => {
  put('a');
  put('b');
  await until(() => names() === 'a,b' && current, 'the list and the watch');
  const version = requests('watch')[0]?.get('resourceVersion');
  api.fault(({ path }) => (path.includes('watch=') ? 'reset' : 'proceed'));
  api.cut();
  api.store.remove('pods', 'a', 'default');
  put('c');
  api.store.compact();
  api.fault(undefined);
  await until(() => names() === 'b,c', 'the new list');
  const [, again, ...more] = requests('list');
  assert.equal(again?.get('resourceVersion'), version);
  assert.equal(more.length, 0);
});

test('a server that came back with an older state is asked for what it has', async () => {
  put('a');
  await until(() => names() === 'a' && current, 'the list and the watch');
  api.fault(({ path }) => (path.includes('watch=') ? gone : tooLarge(path)));
  api.cut();
  put('b');
  await until(() => names() === 'a,b', 'the list of what is there');
  assert.equal(requests('list').at(-1)?.get('resourceVersion'), '');
});

const gone = { status: 410, headers: {}, body: '{"message":"too old","code":410}' };

/** What a list of a resourceVersion that is still to come is answered; others are served. */
function tooLarge(path: string) {
  if (path.includes('resourceVersion=&')) return 'proceed' as const;
  const body = '{"message":"Timeout: Too large resource version: 9, current: 5","code":504}';
  return { status: 504, headers: {}, body };
}

for (const status of [429, 500, 503]) {
  test(`a ${status} is not the end: it tries again`, async () => {
    stop.abort();
    await following;
    let refused = 0;
    api.fault(() =>
      refused++ < 2 ? { status, headers: { 'retry-after': '1' }, body: 'no' } : 'proceed',
    );
    put('a');
    stop = new AbortController();
    following = follow();
    await until(() => names() === 'a', 'the list');
    assert.equal(failures.length, 2);
    assert.match(failures[0] ?? '', new RegExp(`${status}`));
  });
}

test('a list that begins and does not go on is given up, and tried again', async () => {
  stop.abort();
  await following;
  put('a');
  let lists = 0;
  api.fault(({ path }) => (path.includes('watch=') || lists++ > 0 ? 'proceed' : { rate: 1 }));
  stop = new AbortController();
  following = follow(500);
  await until(() => names() === 'a', 'the list');
  assert.match(failures[0] ?? '', /nothing has come for 0.5 s/);
});
