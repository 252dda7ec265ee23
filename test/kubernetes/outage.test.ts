import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import { type ApiServer, type RequestRecord, startApiServer } from '../lab/apiserver/server.ts';
import { until } from '../lab/influx.ts';
import { site } from './site.ts';

const { tls, kubeconfig, write } = site();
const RESOURCES = ['pods', 'services', 'nodes', 'namespaces'] as const;
type Resource = (typeof RESOURCES)[number];

let api: ApiServer;
let stop: AbortController;
let followed: Set<Resource>;
let failures: string[];
let following: Promise<void[]>;

/** One client whose reflectors follow all resources. */
beforeEach(async () => {
  api = await startApiServer({ tls });
  write(api.url);
  [stop, followed, failures] = [new AbortController(), new Set(), []];
  const client = connect(kubeconfig);
  const { signal } = stop;
  following = Promise.all(
    RESOURCES.map(async (resource) => {
      const changes = reflect({
        client,
        path: `/api/v1/${resource}`,
        project: () => undefined,
        signal,
        following: (yes) => void (yes ? followed.add(resource) : followed.delete(resource)),
        failed: (error) => failures.push(String(error)),
      });
      for await (const _ of changes);
    }),
  );
  await until(areFollowed, 'the first watches');
});

afterEach(async () => {
  stop.abort();
  await following;
  await api.close();
});

const areFollowed = () => followed.size === RESOURCES.length;
const isWatch = ({ path }: RequestRecord) => path.includes('watch=');
const about = (resource: Resource) => api.requests.filter(({ path }) => path.includes(resource));
const unavailable = { status: 503, body: 'no backend' };

/** All requests get an answer of this kind for some seconds, and the watches there are end. */
async function disturb(fault: Parameters<ApiServer['fault']>[0], seconds: number): Promise<number> {
  api.fault(fault);
  api.cut();
  const before = api.requests.length;
  await sleep(seconds * 1000);
  const asked = api.requests.length - before;
  api.fault(undefined);
  return asked;
}

test('a restarted server is listed once for each resource, however long it was away', async () => {
  const before = api.requests.length;
  await api.down();
  await sleep(6000);
  await api.up();
  await until(areFollowed, 'all of them', 10);
  for (const resource of RESOURCES) {
    const after = api.requests.slice(before).filter(({ path }) => path.includes(resource));
    const lists = after.filter((request) => !isWatch(request));
    assert.equal(lists.length, 1, resource);
    assert.equal(after.length, 3, 'a watch that is too old, a list, a watch');
  }
});

test('while nobody is answered one of them asks, and when one is all are', async () => {
  const asked = await disturb(() => unavailable, 8);
  // Each has found it out for itself; then they take turns, at most one in two seconds in the end.
  assert.ok(asked <= RESOURCES.length + 7, `${asked} requests`);
  await until(areFollowed, 'all of them', 10);
});

test('requests that are never answered are given up, so that the server is found again', async () => {
  await disturb(() => 'hang', 7);
  await until(areFollowed, 'all of them', 10);
  assert.ok(failures.some((failure) => failure.includes('no answer within 5 s')));
});

test('a resource that is denied for long does not keep the others from waiting together', async () => {
  const forbidden = { status: 403, body: '{"message":"no"}' };
  await disturb((request) => (request.path.includes('services') ? forbidden : unavailable), 4);
  await until(areFollowed, 'all of them', 10);
});

test('Retry-After is heeded, though others are answered before', async () => {
  const busy = { status: 429, headers: { 'Retry-After': '4' }, body: 'later' };
  let first: number | undefined;
  api.fault(({ path, at }) => {
    if (!path.includes('services') || first !== undefined) return 'proceed';
    first = at;
    return busy;
  });
  api.cut();
  await until(() => first !== undefined && areFollowed(), 'all of them');
  const again = about('services').find(({ at }) => at > (first ?? 0));
  assert.ok((again?.at ?? 0) - (first ?? 0) >= 4000);
});

test('a server that forgets again and again is not asked in a tight loop', async () => {
  const gone = { type: 'ERROR', object: { code: 410, message: 'too old resource version' } };
  const body = `${JSON.stringify(gone)}\n`;
  await disturb((request) => (isWatch(request) ? { status: 200, body } : 'proceed'), 6);
  // At once, then after 0.8, 1.6, 3.2 s at most.
  const lists = about('pods').filter((request) => !isWatch(request));
  assert.ok(lists.length >= 3 && lists.length <= 8, `${lists.length} lists`);
  await until(areFollowed, 'all of them', 20);
});
