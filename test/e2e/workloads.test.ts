import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { parse } from '../daemon/exposition.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertReasons, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

const PORT = 7000;
const PEERS = 3;
const TIMES = 50;
/** IP bytes of a question and of its answer: with 28 bytes of headers. */
const [ASKED, ANSWERED] = [500, 1000];
const LABELS = ['namespace', 'workload', 'peer_kind', 'peer_namespace', 'peer', 'scope'];
/** What the interface of a pod says by itself, in bytes. */
const FEW = 2000;
/** More than `PEERS_PER_POD`, each in a network of its own. */
const OUTSIDE = Array.from({ length: 6 }, (_, nth) => `198.51.${nth + 1}.1`);

let lab: Lab;
let daemon: Daemon;
/** IP bytes that the pods have passed in their lives, in both directions. */
let passed = 0;
let flows: ReadonlyMap<string, number>;
let series: number;
let rows: Row[];
let totals: Row[];

before(async () => {
  lab = await createLab();
  const beyond = await lab.outside(OUTSIDE);
  const server = beyond.traffic('answer', PORT, 1, ...OUTSIDE);
  if (server.stdout) await once(server.stdout, 'data');
  daemon = lab.daemon({
    CAPTURE: 'bpf',
    INTERVAL: '5s',
    POD_DETAIL: 'workload',
    PEERS_PER_POD: `${PEERS}`,
    FLOW_METRICS: 'workload',
  });
  await until(isServing, 'the daemon', 60);
  const pods = [await start(1), await start(2), await start(3)];
  await lab.captures(3);
  await Promise.all(pods.map(talk));
  await until(async () => (await podRows()).length > 0, 'the first rows');
  series = (await lab.influx.query('SHOW SERIES FROM nstat_pod')).length;
  // A rollout: each is made again under another name.
  for (const [nth, pod] of pods.entries()) {
    await end(pod);
    await lab.captures(2);
    const next = await start(4 + nth);
    await lab.captures(3);
    await talk(next);
    pods[nth] = next;
  }
  await Promise.all(pods.map(end));
  // One window may still be open, and the one before it be about to be closed.
  const wanted = (await closed()) + 2;
  await until(async () => (await closed()) >= wanted, 'the windows of the last pods');
  flows = await readFlows();
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  rows = await lab.influx.query('SELECT * FROM nstat');
  totals = await podRows();
});

after(() => lab.end());

function podRows(): Promise<Row[]> {
  return lab.influx.query('SELECT * FROM nstat_pod');
}

async function scrape(): Promise<ReadonlyMap<string, number>> {
  return parse(await (await fetch('http://127.0.0.1:9790/metrics')).text()).values;
}

async function closed(): Promise<number> {
  return (await scrape()).get('nstats_windows_total') ?? NaN;
}

async function isServing(): Promise<boolean> {
  return (await scrape()).get('nstats_resource_followed{resource="local_pods"}') === 1;
}

async function readFlows(): Promise<typeof flows> {
  const all = await scrape();
  return new Map([...all].filter(([name]) => name.startsWith('nstats_workload_flow_bytes_total')));
}

/** A pod of one Deployment, whose whole life the daemon sees. */
function start(nth: number): Promise<Pod> {
  return lab.pod({
    namespace: 'shop',
    name: `web-abc-${nth}`,
    labels: { 'pod-template-hash': 'abc' },
    owner: { kind: 'ReplicaSet', name: 'web-abc' },
    ips: [`10.244.0.${10 + nth}`],
    announced: true,
  });
}

async function talk(pod: Pod): Promise<void> {
  const peers = OUTSIDE.map((address) => `${address}:${PORT}`);
  // Of the first peers there is more.
  const children = [peers, peers.slice(0, PEERS)].map((to) =>
    pod.traffic('ask', TIMES, ASKED - 28, ANSWERED - 28, ...to),
  );
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));
  assert.deepEqual(
    exits.map(([code]) => code),
    [0, 0],
  );
}

async function end(pod: Pod): Promise<void> {
  const { sent = 0, received = 0 } = (await pod.remove()) ?? {};
  passed += sent + received;
}

test('the rows of six pods of a Deployment have what the kernel counted of them', (t) => {
  const whole = sum(totals, 'sentBytes', 'receivedBytes');
  t.diagnostic(`the kernel ${passed}, the rows ${whole}`);
  assert.ok(whole >= passed && whole < passed + 6 * FEW, `${whole} of ${passed}`);
  assertReasons(totals);
  for (const direction of ['sent', 'received'] as const)
    assert.equal(sum(rows, `${direction}Bytes`), sum(totals, `${direction}Attributed`));
  // A pod sends nothing before it is captured, but for what its interface says by itself.
  const missing = whole - sum(totals, 'sentAttributed', 'receivedAttributed');
  assert.ok(missing < 6 * FEW, `${missing}`);
});

test('no row has the name of a pod, and a rollout adds no series', async () => {
  for (const row of [...rows, ...totals]) {
    const { namespace, workload, pod } = row;
    assert.deepEqual([namespace, workload, pod], ['shop', 'Deployment/web', '-']);
  }
  assert.equal(series, 1);
  assert.equal((await lab.influx.query('SHOW SERIES FROM nstat_pod')).length, series);
});

test('PEERS_PER_POD holds for all of them together, and the rest is in one row', () => {
  for (const own of Map.groupBy(rows, ({ time }) => time).values()) {
    const others = own.filter((row) => row['peer_kind'] === 'other');
    assert.ok(own.length - others.length <= PEERS && others.length <= 1);
  }
  assert.ok(
    sum(
      rows.filter((row) => row['peer_kind'] === 'other'),
      'sentBytes',
    ) > 0,
  );
});

test('FLOW_METRICS=workload has the bytes of the rows', () => {
  const wanted = new Map<string, number>();
  const add = (labels: readonly string[], row: Row | undefined) => {
    const pairs = LABELS.map((label, at) => `${label}="${labels[at]}"`).join();
    for (const direction of ['sent', 'received'] as const) {
      const name = `nstats_workload_flow_bytes_total{${pairs},direction="${direction}"}`;
      const bytes = row ? sum([row], `${direction}Bytes`) : 0;
      wanted.set(name, (wanted.get(name) ?? 0) + bytes);
    }
  };
  for (const row of rows)
    add(
      LABELS.map((label) => String(row[label])),
      row,
    );
  // All pairs beyond the first 1000.
  add(
    LABELS.map(() => '_other'),
    undefined,
  );
  assert.deepEqual(flows, wanted);
});
