import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { followCluster, resourcesOf } from '../../lib/kubernetes/follow-cluster.ts';
import { DeclaredPorts } from '../../lib/kubernetes/declared-ports.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { pod as podObject, service } from '../lab/apiserver/objects.ts';
import { type ApiServer, startApiServer } from '../lab/apiserver/server.ts';
import { until } from '../lab/influx.ts';
import { site } from './site.ts';

const { tls, kubeconfig, write } = site();
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let api: ApiServer;
let sync: Sync;
let stop: AbortController;
let following: Promise<void>;
let ports: DeclaredPorts;
/** What happened to the problem of services. */
let events: ('say' | 'over')[];

beforeEach(async () => {
  api = await startApiServer({ tls });
  write(api.url);
  sync = new Sync(resourcesOf({ sidecar: {} }));
  [stop, events, ports] = [new AbortController(), [], new DeclaredPorts()];
  const record = (what: 'say' | 'over') => (subject: string) =>
    void (subject === 'services' && events.push(what));
  following = followCluster({
    client: connect(kubeconfig),
    node: 'n',
    wanted: () => true,
    directory: new Directory(),
    registry: undefined,
    ports,
    sync,
    signal: stop.signal,
    log: quiet,
    problems: { report: record('say'), resolve: record('over') },
    explain: (error) => ({ what: String(error), fix: '' }),
  });
});

afterEach(async () => {
  stop.abort();
  await following;
  await api.close();
});

const states = () => sync.states.filter(({ resource }) => resource === 'services');
const isWatch = (path: string) => path.includes('/services?watch=');
const areFollowed = () => sync.states.every(({ followed }) => followed);

/** From now on each watch of services is answered with this status, and those there are end. */
async function refuseWatches(status: number): Promise<void> {
  await until(areFollowed, 'the watches');
  api.fault(({ path }) => (isWatch(path) ? { status, body: 'no' } : 'proceed'));
  api.cut();
  await until(() => states().every(({ restarts }) => restarts > 1), 'the refusal');
}

test('a watch that is forbidden for a moment is followed again without a list, and not denied any more', async () => {
  await refuseWatches(403);
  assert.deepEqual(sync.denied, ['services']);
  const lists = () => api.requests.filter(({ path }) => !path.includes('watch=')).length;
  const before = lists();
  api.fault(undefined);
  await until(areFollowed, 'the watch');
  assert.equal(lists(), before);
  assert.deepEqual(sync.denied, []);
  assert.ok(sync.since > 0);
  assert.match(sync.reasons.join('\n'), /services: listed and followed/);
});

test('a problem of one resource is reported for that resource, and is over when a watch is granted, though nothing changes', async () => {
  await refuseWatches(503);
  await until(() => events.at(-1) === 'say', 'its own line');
  api.fault(undefined);
  await until(areFollowed, 'the watch');
  assert.equal(events.at(-1), 'over');
});

test('the ports of services and pods are declared, and no more when they are gone', async () => {
  const told: string[] = [];
  ports.listen((...what) => void told.push(what.join(' ')));
  const http = service({ name: 'web', clusterIPs: ['10.96.0.7'], ports: [{ port: 8080 }] });
  const dns = podObject({ name: 'dns', ips: ['10.244.0.7'] });
  const containers = [{ name: 'dns', ports: [{ containerPort: 53, protocol: 'UDP' }] }];
  api.store.put('services', http);
  api.store.put('pods', { ...dns, spec: { ...dns.spec, containers } });
  await until(() => told.length === 2, 'the ports');
  api.store.remove('pods', 'dns', 'default');
  await until(() => told.length === 3, 'the end');
  assert.deepEqual(told.sort(), ['tcp 8080 true', 'udp 53 false', 'udp 53 true']);
});
