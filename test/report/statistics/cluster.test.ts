import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localSubject } from '../../../lib/kubernetes/sync.ts';
import { ApiError } from '../../../lib/kubernetes/client/client.ts';
import { nodeRecord, podRecord, serviceRecord } from '../../../lib/kubernetes/records.ts';
import { objectOf } from '../../../lib/kubernetes/object-schema.ts';
import { node, pod, service } from '../../lab/apiserver/objects.ts';
import { agent, NODE } from '../../daemon/agent.ts';

test('objects of the directory are counted by kind, and so are addresses that two may have had', async () => {
  const { directory, scrape } = agent();
  const twins = ['a', 'b'].map((uid) => pod({ uid, name: uid, ips: ['10.0.0.1'] }));
  const services = ['c', 'd', 'e'].map((uid, index) =>
    service({ uid, name: uid, clusterIPs: [`10.96.0.${index + 1}`] }),
  );
  const own = node({ name: NODE, addresses: ['192.0.2.1'] });
  for (const twin of twins) directory.put(podRecord(objectOf(twin)), 1000);
  for (const each of services) directory.put(serviceRecord(objectOf(each)), 1000);
  directory.put(nodeRecord(objectOf(own)), 1000);
  let values = await scrape();
  const kinds = ['pod', 'service', 'node'] as const;
  const sizes = () => kinds.map((kind) => values.get(`nstats_directory_objects{kind="${kind}"}`));
  assert.deepEqual(sizes(), [2, 3, 1]);
  assert.equal(values.get('nstats_ambiguous_peers_total'), 0);

  directory.peer('10.0.0.1', Date.now() - 1000, Date.now());
  for (const kind of kinds) directory.replace(kind, [], Date.now());
  values = await scrape();
  assert.deepEqual(sizes(), [0, 0, 0]);
  assert.equal(values.get('nstats_ambiguous_peers_total'), 1);
});

const LABELS = ['pods', 'services', 'nodes', 'namespaces', 'local_pods'];
const LAST = 'resource_last_event_timestamp_seconds';

/** The values of all resources if one has another than the rest. */
function alone<T>(label: string, value: T, rest: T): T[] {
  return LABELS.map((each) => (each === label ? value : rest));
}

for (const label of LABELS) {
  const resource = label === 'local_pods' ? localSubject(NODE) : label;
  test(`${label} alone: followed or not, denied or not, its last event, its restarts`, async () => {
    const { sync, scrape } = agent();
    const of = async (name: string) => {
      const values = await scrape();
      return LABELS.map((each) => values.get(`nstats_${name}{resource="${each}"}`));
    };
    for (const name of ['resource_followed', 'resource_denied', 'api_restarts_total'])
      assert.deepEqual(await of(name), alone(label, 0, 0));
    assert.deepEqual(await of(LAST), alone(label, undefined, undefined));

    const before = Date.now() / 1000;
    sync.following(resource, true);
    sync.heard(resource);
    assert.deepEqual(await of('resource_followed'), alone(label, 1, 0));
    const heard = await of(LAST);
    assert.deepEqual(
      heard.map((at) => at !== undefined && at >= before),
      alone(label, true, false),
    );
    sync.following(resource, false);
    sync.failed(resource, new Error('no'));
    assert.deepEqual(await of('resource_followed'), alone(label, 0, 0));
    assert.deepEqual(await of('resource_denied'), alone(label, 0, 0));
    sync.failed(resource, new ApiError('/', 403, {}, ''));
    assert.deepEqual(await of('resource_denied'), alone(label, 1, 0));
    assert.deepEqual(await of('api_restarts_total'), alone(label, 2, 0));
  });
}

test('requests to the API server and bytes of its answers are those of the client', async () => {
  const { client, scrape } = agent();
  Object.assign(client.figures, { requests: 3, bytes: 99 });
  const values = await scrape();
  assert.equal(values.get('nstats_api_requests_total'), 3);
  assert.equal(values.get('nstats_api_received_bytes_total'), 99);
});
