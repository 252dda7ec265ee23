import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { reflect } from '../../lib/kubernetes/reflector.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { until } from '../lab/influx.ts';
import { type Replica, Scene } from './scene.ts';

let scene: Scene;
let replica: Replica;
let stop: AbortController;
let agents: Promise<void>[];

beforeEach(async () => {
  scene = await Scene.create();
  replica = await scene.replica();
  [stop, agents] = [new AbortController(), []];
});

afterEach(async () => {
  stop.abort();
  await Promise.all(agents);
  await scene.end();
});

/** An agent that follows pods: what it knows, by name, and how it came to it. */
function agent(client: ApiClient) {
  const seen = {
    addresses: new Map<string, string>(),
    lists: 0,
    failures: [] as string[],
    following: false,
  };
  const names = new Map<string, string>();
  const follow = async () => {
    const changes = reflect({
      client,
      path: '/api/v1/pods',
      project: ({ metadata, status }) => {
        return { uid: metadata?.uid ?? '', name: metadata?.name ?? '', ip: status?.podIP ?? '' };
      },
      signal: stop.signal,
      following: (yes) => void (seen.following = yes),
      failed: (error) => seen.failures.push(String(error)),
    });
    for await (const change of changes) {
      if (change.type === 'replace') {
        seen.lists += 1;
        names.clear();
        seen.addresses.clear();
        for (const { uid, name, ip } of change.objects) {
          names.set(uid, name);
          seen.addresses.set(name, ip);
        }
      } else if (change.type === 'put') {
        names.set(change.object.uid, change.object.name);
        seen.addresses.set(change.object.name, change.object.ip);
      } else seen.addresses.delete(names.get(change.object.uid) ?? '');
    }
  };
  agents.push(follow());
  return seen;
}

const put = (name: string, ip: string) =>
  scene.api.store.put('pods', pod({ name, nodeName: 'n', ips: [ip] }));

test('an agent lists and follows through the relay, which alone asks the API server', async () => {
  put('a', '10.0.0.1');
  const one = agent(scene.client(replica.port));
  const other = agent(scene.client(replica.port));
  await until(() => one.following && other.following, 'that both follow', 20_000);
  assert.deepEqual(one.addresses, new Map([['a', '10.0.0.1']]));
  put('b', '10.0.0.2');
  scene.api.store.remove('pods', 'a', 'default');
  await until(() => one.addresses.has('b') && other.addresses.has('b'), 'a change');
  await until(() => one.addresses.size === 1, 'that a is gone');
  assert.deepEqual(one.addresses, other.addresses);
  assert.deepEqual(one.failures, []);
  const asked = scene.api.requests.filter(({ path }) => path.startsWith('/api/v1/pods'));
  assert.deepEqual(
    asked.map(({ path }) => path.includes('watch=')),
    [false, true],
  );
});
