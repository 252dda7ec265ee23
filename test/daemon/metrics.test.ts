import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { localSubject, resourcesOf } from '../../daemon/cluster.ts';
import { FlowTotals } from '../../daemon/flow-totals.ts';
import { allMetrics } from '../../daemon/metrics/all.ts';
import { delivery } from '../../daemon/metrics/delivery.ts';
import { exposition } from '../../daemon/metrics/exposition.ts';
import { counter, gauge } from '../../daemon/metrics/metric.ts';
import { Observatory } from '../../daemon/observatory.ts';
import { Sync } from '../../daemon/sync.ts';
import { type Named, Tally } from '../../daemon/tally.ts';
import { Cpu } from '../../daemon/usage.ts';
import { Troubles } from '../../daemon/log.ts';
import { printer } from '../../daemon/printer.ts';
import { ApiError } from '../../lib/kubernetes/client.ts';
import { Directory, nameless } from '../../lib/kubernetes/directory.ts';
import type { Owner } from '../../lib/kubernetes/records.ts';
import type { Edge, Traffic } from '../../lib/model.ts';
import { Site, rows } from '../influx/site.ts';
import { until } from '../lab/influx.ts';
import { parse } from './exposition.ts';

const NODE = 'lab-1';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
/** The objects that count, and what a scrape says of them. */
function agent(flows: 'none' | 'namespace' = 'none') {
  const troubles = new Troubles(quiet);
  const options = {
    proc: '/proc',
    iface: 'eth0',
    log: quiet,
    troubles,
    sidecar: false,
    cpuBudget: 1,
  };
  const observatory = new Observatory(options);
  const tally = new Tally(flows);
  const directory = new Directory();
  const sync = new Sync([...resourcesOf({ sidecar: undefined }), localSubject(NODE)]);
  const client = { figures: { requests: 0, bytes: 0, connections: 0 } };
  const sink = { figures: printer(() => {}).figures };
  const cpu = new Cpu('/proc', () => []);
  const sources = { observatory, tally, directory, sync, client, sink, cpu, proc: '/proc' };
  const text = exposition(allMetrics({ node: NODE, ...sources }));
  const metrics = () => text.metrics();
  const scrape = async () => parse(await metrics()).values;
  return { ...sources, metrics, scrape };
}

function window(change: Partial<Named> = {}): Named {
  return { end: 5000, traffic: [], untold: [], late: false, certain: true, rows: [], ...change };
}

function traffic(namespace: string, edges: readonly Edge[]): Traffic {
  const local = { uid: '', cgroupUid: '', namespace, name: 'a', workload: '-', ips: [] };
  const sum = (of: 'sent' | 'received') => edges.reduce((total, edge) => total + edge[of], 0);
  const attributed = { sent: sum('sent'), received: sum('received') };
  return {
    pod: local,
    end: 5000,
    edges,
    attributed,
    kernel: { sent: 100, received: 50, sentPackets: 1, receivedPackets: 1 },
    missing: { uncaptured: 5, overload: 3, paused: 1, other: 2 },
    overloaded: false,
    paused: false,
  };
}

const peer = (namespace: string) => ({ ...nameless('pod', 'b'), namespace });

test('all metrics are there from the start, in valid text, whatever has happened', async () => {
  const { metrics } = agent('namespace');
  const { types, values } = parse(await metrics());
  for (const [name] of types) assert.match(name, /^nstats_[a-z_]+$/);
  assert.ok(types.size > 30, `${types.size}`);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal(values.get(`nstats_build_info{version="${version}"}`), 1);
  assert.equal(values.get('nstats_attributed_bytes_total{peer_kind="pod",direction="sent"}'), 0);
});

test('a value that there is not is not there, rather than zero', async () => {
  const { scrape } = agent();
  const values = await scrape();
  for (const name of ['last_window', 'spool_oldest_window'])
    assert.ok(!values.has(`nstats_${name}_timestamp_seconds`), name);
});

test('two scrapes in a row say the same of what has not changed', async () => {
  const { tally, scrape } = agent();
  tally.add(window({ traffic: [traffic('a', [])] }));
  for (const _ of [1, 2])
    assert.equal((await scrape()).get('nstats_kernel_bytes_total{direction="sent"}'), 100);
});

test('names from outside do not break the text', async () => {
  const odd = 'a"b\\c\nd';
  const metrics = exposition([
    counter('odd_total', 'A\\B\nC.', ['namespace'], () => [[[odd], 1]]),
    gauge('even', 'x', () => 2.5),
  ]);
  const { values } = parse(await metrics.metrics());
  assert.deepEqual(
    [...values.keys()],
    ['nstats_odd_total{namespace="a\\"b\\\\c\\nd"}', 'nstats_even'],
  );
});

test('windows add up: bytes by direction, kind of peer and reason', async () => {
  const { tally, scrape } = agent();
  const edges = [
    { peer: peer('b'), sent: 60, received: 40 },
    { peer: nameless('external', 'x'), sent: 30, received: 0 },
  ];
  for (const end of [5000, 10_000]) tally.add(window({ end, traffic: [traffic('a', edges)] }));
  const values = await scrape();
  const of = (name: string) => values.get(`nstats_${name}`);
  assert.equal(of('windows_total'), 2);
  assert.equal(of('windows_late_total'), 0);
  assert.equal(of('last_window_timestamp_seconds'), 10);
  assert.equal(of('kernel_bytes_total{direction="received"}'), 100);
  assert.equal(of('attributed_bytes_total{peer_kind="pod",direction="received"}'), 80);
  assert.equal(of('attributed_bytes_total{peer_kind="external",direction="sent"}'), 60);
  assert.equal(of('missing_bytes_total{reason="uncaptured"}'), 10);
  assert.equal(of('missing_bytes_total{reason="overload"}'), 6);
  assert.equal(of('missing_bytes_total{reason="other"}'), 4);
  assert.equal(of('stale_bytes_total'), 0);
});

test('a window that waited is late, one that waited in vain is stale, an untold pod is unnamed', async () => {
  const { tally, scrape } = agent();
  const some = [traffic('a', [{ peer: peer('b'), sent: 7, received: 0 }])];
  tally.add(window({ traffic: some, late: true }));
  tally.add(window({ traffic: some, late: true, certain: false }));
  const kernel = { sent: 3, received: 4, sentPackets: 1, receivedPackets: 1 };
  tally.add(window({ untold: [{ kernel }, { kernel: undefined }] }));
  const values = await scrape();
  assert.equal(values.get('nstats_windows_late_total'), 2);
  assert.equal(values.get('nstats_stale_bytes_total'), 7);
  assert.equal(values.get('nstats_unnamed_bytes_total'), 7);
  assert.equal(values.get('nstats_series'), 0);
  tally.add(window({ rows: ['nstat,pod=a x=1i 5', 'nstat,pod=b x=1i 5', 'nstat,pod=a x=1i 5'] }));
  assert.equal((await scrape()).get('nstats_series'), 2);
});

test('flows between namespaces are there only if asked for', async () => {
  const some = [traffic('a', [{ peer: peer('b'), sent: 7, received: 5 }])];
  const none = agent();
  none.tally.add(window({ traffic: some }));
  assert.doesNotMatch(await none.metrics(), /flow_bytes/);
  const all = agent('namespace');
  all.tally.add(window({ traffic: some }));
  const labels = 'namespace="a",peer_kind="pod",peer_namespace="b",direction="received"';
  assert.equal((await all.scrape()).get(`nstats_flow_bytes_total{${labels}}`), 5);
});

test('beyond so many pairs of namespaces the rest is one, and the sum is exact', () => {
  const flows = new FlowTotals(3);
  for (let round = 0; round < 2; round += 1)
    for (let index = 0; index < 10; index += 1)
      flows.add(`n${index}`, { peer: peer('b'), sent: index, received: 1 });
  const pairs = [...flows.pairs()];
  assert.equal(pairs.length, 4);
  assert.deepEqual(pairs[2]?.bytes, { sent: 4, received: 2 });
  assert.deepEqual(pairs[3]?.labels, ['_other', '_other', '_other']);
  assert.equal(
    pairs.reduce((sum, { bytes }) => sum + bytes.sent, 0),
    90,
  );
  assert.equal(pairs[3]?.bytes.received, 14);
});

test('the directory tells its objects by kind, and addresses that two may have had', async () => {
  const { directory, scrape } = agent();
  const owner: Owner = {
    kind: 'pod',
    uid: 'a',
    namespace: 'shop',
    name: 'a',
    workload: '-',
    node: NODE,
    zone: '',
    ips: ['10.0.0.1'],
    podCidrs: [],
    since: 0,
    started: 0,
    running: true,
  };
  directory.replace('node', [{ ...owner, kind: 'node', ips: ['192.0.2.1'] }], 1000);
  directory.replace('pod', [owner, { ...owner, uid: 'b' }], 1000);
  directory.peer('10.0.0.1', Date.now() - 1000, Date.now());
  const values = await scrape();
  assert.equal(values.get('nstats_directory_objects{kind="pod"}'), 2);
  assert.equal(values.get('nstats_directory_objects{kind="node"}'), 1);
  assert.equal(values.get('nstats_directory_objects{kind="service"}'), 0);
  assert.equal(values.get('nstats_ambiguous_peers_total'), 1);
});

const label = (resource: string) => `{resource="${resource}"}`;

test('each resource is followed or not, denied or not, and was heard of at some time', async () => {
  const { sync, client, scrape } = agent();
  let values = await scrape();
  assert.equal(values.get(`nstats_resource_followed${label('pods')}`), 0);
  const last = 'nstats_resource_last_event_timestamp_seconds';
  assert.ok(!values.has(`${last}${label('pods')}`));
  const before = Date.now() / 1000;
  sync.following('pods', true);
  sync.heard('pods');
  sync.failed(localSubject(NODE), new Error('no'));
  sync.failed('services', new ApiError('/', 403, {}, ''));
  Object.assign(client.figures, { requests: 3, bytes: 99 });
  values = await scrape();
  assert.equal(values.get(`nstats_resource_followed${label('pods')}`), 1);
  assert.ok(Number(values.get(`${last}${label('pods')}`)) >= before);
  assert.equal(values.get(`nstats_resource_denied${label('services')}`), 1);
  assert.equal(values.get(`nstats_resource_denied${label('local_pods')}`), 0);
  assert.equal(values.get(`nstats_api_restarts_total${label('local_pods')}`), 1);
  assert.equal(values.get(`nstats_api_restarts_total${label('services')}`), 1);
  assert.equal(values.get('nstats_api_requests_total'), 3);
  assert.equal(values.get('nstats_api_received_bytes_total'), 99);
});

test('a pod without a namespace waits', async (t) => {
  const { observatory, scrape } = agent();
  t.after(() => observatory.stop());
  const local = { namespace: 'a', name: 'b', workload: '-', ips: [] };
  observatory.put({ ...local, uid: 'nobody', cgroupUid: 'nobody' }, false);
  const values = await scrape();
  assert.equal(values.get('nstats_pods'), 1);
  assert.equal(values.get('nstats_sessions{state="waiting"}'), 1);
  assert.equal(values.get('nstats_sessions{state="running"}'), 0);
});

test('rows are told by what became of them, and what waits by its size and age', async (t) => {
  await using site = await Site.create();
  site.influx.answer = () => 503;
  const { queue } = site.agent({ at: '/dev/null/nowhere', memory: 2500 });
  const text = exposition(delivery(queue));
  const scrape = async () => parse(await text.metrics()).values;
  for (const end of [1000, 2000, 3000]) queue.push(rows(100), end);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const ran = queue.run(stop.signal);
  await until(async () => (await scrape()).get('nstats_spool_degraded') === 1, 'no disk');
  await until(async () => Number((await scrape()).get('nstats_write_retries_total')) > 0, 'a try');
  const waiting = await scrape();
  assert.equal(waiting.get('nstats_rows_total{outcome="dropped"}'), 100);
  assert.equal(waiting.get('nstats_windows_dropped_total'), 1);
  assert.ok(Number(waiting.get('nstats_spool_bytes')) > 1000);
  assert.equal(waiting.get('nstats_spool_oldest_window_timestamp_seconds'), 2);
  site.influx.answer = ({ rows: all }) => (all.length > 1 ? 204 : 400);
  await until(async () => (await scrape()).get('nstats_spool_bytes') === 0, 'delivery');
  stop.abort();
  await ran;
  assert.equal((await scrape()).get('nstats_rows_total{outcome="written"}'), 200);
});

test("the README's table has all metrics with their types, and no others", async () => {
  const readme = readFileSync('README.md', 'utf8');
  const rows = readme.matchAll(/^\| `(nstats_\w+)(?:\{([^}]*)\})?` \| (counter|gauge) \|/gm);
  const told = [...rows].map(([, name, labels = '', type]) => `${name} ${type} ${labels}`);
  const metrics = allMetrics({ node: NODE, ...agent('namespace') });
  assert.deepEqual(
    told.toSorted(),
    metrics.map(({ name, type, labels }) => `${name} ${type} ${labels.join(', ')}`).toSorted(),
  );
  const used = new Set(readme.match(/\bnstats_[a-z_]+/g));
  const known = new Set(metrics.map(({ name }) => name));
  assert.deepEqual(
    [...used].filter((name) => !known.has(name)),
    [],
  );
});
