import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlowTotals } from '../../../lib/report/flow-totals.ts';
import { nameless } from '../../../lib/naming/directory.ts';
import { agent, traffic, window } from '../../daemon/agent.ts';

const peer = (namespace: string) => ({ ...nameless('pod', 'b'), namespace });

test('bytes are counted by the kind of their peer and by direction, window by window', async () => {
  const { totals, scrape } = agent();
  const kinds = ['pod', 'service', 'node', 'external', 'other', 'unknown'] as const;
  const edges = kinds.map((kind, at) => {
    return { peer: nameless(kind, 'b'), sent: 10 * (at + 2), received: at + 7 };
  });
  for (const times of [1, 2]) {
    totals.add(window({ traffic: [traffic('a', edges)] }));
    const values = await scrape();
    for (const { peer, ...bytes } of edges)
      for (const direction of ['sent', 'received'] as const) {
        const labels = `{peer_kind="${peer.kind}",direction="${direction}"}`;
        const value = values.get(`nstats_attributed_bytes_total${labels}`);
        assert.equal(value, times * bytes[direction], labels);
      }
  }
});

test('windows add up: how many, until when, what the kernel counted, and what is missing', async () => {
  const { totals, scrape } = agent();
  const part = traffic('a', [{ peer: peer('b'), sent: 60, received: 40 }]);
  for (const end of [5000, 10_000]) totals.add(window({ end, traffic: [part] }));
  await scrape();
  const values = await scrape();
  const of = (name: string) => values.get(`nstats_${name}`);
  assert.equal(of('windows_total'), 2);
  assert.equal(of('windows_late_total'), 0);
  assert.equal(of('last_window_timestamp_seconds'), 10);
  assert.equal(of('stale_bytes_total'), 0);
  assert.equal(of('kernel_bytes_total{direction="sent"}'), 200);
  assert.equal(of('kernel_bytes_total{direction="received"}'), 100);
  for (const [reason, bytes] of Object.entries(part.missing))
    assert.equal(of(`missing_bytes_total{reason="${reason}"}`), 2 * bytes, reason);
});

test('a window that waited is late, in vain it is stale, and bytes of unknown pods are apart', async () => {
  const { totals, scrape } = agent();
  const some = [traffic('a', [{ peer: peer('b'), sent: 7, received: 0 }])];
  totals.add(window({ traffic: some, late: true }));
  totals.add(window({ traffic: some, late: true, certain: false }));
  const kernel = { sent: 3, received: 4, sentPackets: 1, receivedPackets: 1 };
  totals.add(window({ unknown: [{ kernel }, { kernel: undefined }] }));
  const values = await scrape();
  assert.equal(values.get('nstats_windows_late_total'), 2);
  assert.equal(values.get('nstats_stale_bytes_total'), 7);
  assert.equal(values.get('nstats_unknown_pod_bytes_total'), 7);
  assert.equal(values.get('nstats_series'), 0);
  totals.add(window({ rows: ['nstat,pod=a x=1i 5', 'nstat,pod=b x=1i 5', 'nstat,pod=a x=1i 5'] }));
  assert.equal((await scrape()).get('nstats_series'), 2);
});

test('flows between namespaces are there only if asked for', async () => {
  const some = [traffic('a', [{ peer: peer('b'), sent: 7, received: 5 }])];
  const none = agent();
  none.totals.add(window({ traffic: some }));
  assert.doesNotMatch(await none.metrics(), /flow_bytes_total\{/);
  const all = agent('namespace');
  all.totals.add(window({ traffic: some }));
  const labels = 'namespace="a",peer_kind="pod",peer_namespace="b"';
  const values = await all.scrape();
  for (const [direction, bytes] of Object.entries({ sent: 7, received: 5 }))
    assert.equal(values.get(`nstats_flow_bytes_total{${labels},direction="${direction}"}`), bytes);
});

test('beyond so many pairs of namespaces the rest is one, and the sum is exact', () => {
  const flows = new FlowTotals('namespace', 3);
  for (let round = 0; round < 2; round += 1)
    for (let index = 0; index < 10; index += 1)
      flows.add(
        { namespace: `n${index}`, workload: '-' },
        { peer: peer('b'), sent: index, received: 1 },
      );
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

test('flows between workloads and their peers are apart by scope, and so is nothing else', async () => {
  const { totals, scrape } = agent('workload');
  const far = { ...peer('b'), workload: 'Deployment/db', scope: 'cross-zone' } as const;
  const near = { ...far, name: 'c', scope: 'zone' } as const;
  const office = { ...nameless('external', 'office'), scope: 'private' } as const;
  const edges = [far, near, { ...far, name: 'd' }, office].map((peer, at) => {
    return { peer, sent: 10 ** at, received: 2 * 10 ** at };
  });
  totals.add(window({ traffic: [traffic('a', edges)] }));
  const values = await scrape();
  const of = (labels: string) =>
    values.get(`nstats_workload_flow_bytes_total{namespace="a",workload="-",${labels}}`);
  const db = 'peer_kind="pod",peer_namespace="b",peer="Deployment/db"';
  assert.equal(of(`${db},scope="cross-zone",direction="sent"`), 101);
  assert.equal(of(`${db},scope="zone",direction="received"`), 20);
  const outside = 'peer_kind="external",peer_namespace="-",peer="office",scope="private"';
  assert.equal(of(`${outside},direction="sent"`), 1000);
  assert.ok(![...values.keys()].some((key) => key.startsWith('nstats_flow_bytes_total{')));
});
