import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { between } from '../../lib/linux/interface-counters.ts';
import { node as nodeObject, pod as podObject, service } from '../lab/apiserver/objects.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { balance, masquerade, NODE_IPS } from '../lab/network.ts';
import { sum } from '../lab/rows.ts';
import { ip, kill } from '../lab/shell.ts';
import { COMBINATIONS, type Combination, HOSTS, NETWORKS, SERVICES } from './ways.ts';

/** Each combination has its port, by which its rows are found. */
const PORT = 7001;
const TIMES = 100;
/** IP bytes of each question and each answer: with 28 bytes of headers. */
const [ASKED, ANSWERED] = [500, 900];
const BYTES = { asked: TIMES * ASKED, answered: TIMES * ANSWERED };
/** What a pod's kernel says by itself, such as ARP, in bytes. */
const FEW = 2000;

/** The agents of each cluster, by their nodes. */
const AGENTS = { one: ['lab-1', 'lab-2', 'lab-3'], two: ['lab-1'] } as const;
const NODES: readonly (readonly [name: string, zone: string, region: string, ...ips: string[]])[] =
  [
    ['lab-1', 'eu-1a', 'eu-1', NODE_IPS[0], HOSTS.host1],
    ['lab-2', 'eu-1b', 'eu-1', HOSTS.host2],
    ['lab-3', 'eu-2a', 'eu-2', '192.0.2.30'],
    // Without an agent.
    ['lab-4', 'eu-1a', 'eu-1', '192.0.2.40'],
  ];
const PODS = {
  web: 'lab-1',
  db: 'lab-1',
  off: 'lab-1',
  near: 'lab-2',
  far: 'lab-3',
  lone: 'lab-4',
};

let lab: Lab;
let rows: Row[];
let totals: Row[];
const pods = new Map<string, Pod>();
/** IP bytes that the pods have sent and received meanwhile, by the kernel. */
const kernel = new Map<string, { readonly sent: number; readonly received: number }>();

before(async () => {
  lab = await createLab();
  const { store } = lab.api;
  for (const [name, zone, region, ...addresses] of NODES) {
    const labels = { 'topology.kubernetes.io/region': region };
    store.put('nodes', nodeObject({ name, zone, labels, addresses }));
  }
  ip([`addr add ${HOSTS.host2}/32 dev lo`]);
  const proxy = { name: 'proxy', nodeName: 'lab-2', ips: [HOSTS.host2], hostNetwork: true };
  store.put('pods', podObject(proxy));
  for (const [name, [address]] of Object.entries(SERVICES))
    store.put('services', service({ name, clusterIPs: [address] }));
  for (const [name, nodeName] of Object.entries(PODS)) {
    const ips = [HOSTS[name as keyof typeof PODS]];
    const annotations = { 'nstats/observe': `${name !== 'off'}` };
    pods.set(name, await lab.pod({ name, ips, node: nodeName, annotations }));
  }
  const { public: open, private: closed, vpn, leased, zone, otherZone, otherRegion } = HOSTS;
  const outside = [open, closed, vpn, leased, zone, otherZone, otherRegion];
  const beyond = await lab.outside(outside);

  for (const [nth, { to, nat }] of COMBINATIONS.entries()) {
    const target = nat?.to ?? SERVICES[to as keyof typeof SERVICES]?.[1];
    if (target) balance(addressOf(to), PORT + nth, [HOSTS[target]]);
    if (nat?.from) masquerade(PORT + nth, HOSTS[nat.from]);
  }
  const answer = ['answer', PORT, COMBINATIONS.length] as const;
  const servers = [
    ...[...pods.values()].map((pod) => pod.traffic(...answer, '0.0.0.0')),
    beyond.traffic(...answer, ...outside),
    lab.traffic(...answer, HOSTS.host2),
  ];
  for (const server of servers) if (server.stdout) await once(server.stdout, 'data');

  const file = join(lab.directory, 'networks.yaml');
  writeFileSync(file, NETWORKS);
  const daemons = await startAgents(file);
  const counters = [...pods].map(([name, { sandbox }]) => [name, sandbox.counters()] as const);
  const sides = { ...Object.fromEntries(pods), public: beyond, host1: lab };
  const asking = Object.entries(sides).map(async ([from, side]) => {
    const targets = COMBINATIONS.flatMap((each, nth) =>
      each.from === from ? [`${addressOf(each.to)}:${PORT + nth}`] : [],
    );
    if (targets.length === 0) return;
    const args = ['ask', TIMES, ASKED - 28, ANSWERED - 28, ...targets] as const;
    const [code] = (await once(side.traffic(...args), 'exit')) as [number];
    assert.equal(code, 0, `all that ${from} asked is answered`);
  });
  await Promise.all(asking);
  for (const [name, before] of counters) {
    const now = pods.get(name)?.sandbox.counters();
    if (now) kernel.set(name, between(before, now));
  }
  const codes = await Promise.all(daemons.map((each) => kill(each.process, 'SIGTERM')));
  assert.deepEqual(
    codes,
    codes.map(() => 0),
    daemons.flatMap(({ log }) => log).join('\n'),
  );
  rows = await lab.influx.query('SELECT * FROM nstat');
  totals = await lab.influx.query('SELECT * FROM nstat_pod');
});

after(() => lab.end());

/** Starts all agents; resolves when each has named a window, and captures the pods of its node. */
async function startAgents(file: string): Promise<Daemon[]> {
  const names = Object.entries(AGENTS).flatMap(([cluster, nodes]) =>
    nodes.map((name) => ({ cluster, name })),
  );
  const daemons = names.map(({ cluster, name }, nth) =>
    lab.daemon({
      CLUSTER: cluster,
      NODE_NAME: name,
      CAPTURE: 'bpf',
      INTERVAL: '5s',
      PORTS: 'service',
      NETWORKS_FILE: file,
      SPOOL_DIR: join(lab.directory, `spool-${nth}`),
      LISTEN: `127.0.0.1:${9800 + nth}`,
    }),
  );
  for (const [nth, { name }] of names.entries()) {
    const observed = Object.entries(PODS).filter(([pod, at]) => at === name && pod !== 'off');
    await until(
      async () => {
        const at = `http://127.0.0.1:${9800 + nth}`;
        const metrics = await (await fetch(`${at}/metrics`)).text();
        const running = `nstats_sessions{state="running"} ${observed.length}\n`;
        return (await fetch(`${at}/readyz`)).ok && metrics.includes(running);
      },
      `the agent of ${name}`,
      60,
    );
  }
  return daemons;
}

function addressOf(name: string): string {
  return SERVICES[name as keyof typeof SERVICES]?.[0] ?? HOSTS[name as keyof typeof HOSTS];
}

/** Who answers in the end. */
function answererOf({ to, nat }: Combination): string {
  return nat?.to ?? SERVICES[to as keyof typeof SERVICES]?.[1] ?? to;
}

function rowsOf(nth: number, cluster = 'one'): Row[] {
  return rows.filter((row) => row['port'] === `${PORT + nth}/udp` && row['cluster'] === cluster);
}

/** What the rows of a pod say: kind, name and scope of its peer, and the bytes in both directions. */
function seenBy(pod: string, of: readonly Row[]): string[] {
  const peers = Map.groupBy(
    of.filter((row) => row['pod'] === pod),
    (row) => [row['peer_kind'], row['peer'], row['scope']].join(' '),
  );
  return [...peers].map(
    ([peer, its]) => `${peer} ${sum(its, 'sentBytes')} ${sum(its, 'receivedBytes')}`,
  );
}

/** The rule that counts each byte once, by scope. */
function counted(of: readonly Row[]): { [scope: string]: number } {
  const scopes: { [scope: string]: number } = {};
  for (const row of of) {
    const isUnsaid = /^(node|external)$/.test(String(row['peer_kind']));
    const bytes = sum([row], 'sentBytes', ...(isUnsaid ? ['receivedBytes'] : []));
    if (bytes > 0) scopes[String(row['scope'])] = (scopes[String(row['scope'])] ?? 0) + bytes;
  }
  return scopes;
}

function rowOf(peer: string | undefined, sent: number, received: number): string[] {
  return peer === undefined ? [] : [`${peer} ${sent} ${received}`];
}

for (const [nth, way] of COMBINATIONS.entries())
  test(`${way.what}: ${said(way)}`, (t) => {
    const own = rowsOf(nth);
    const { asked, answered } = BYTES;
    const scopes = counted(own);
    t.diagnostic(`asked ${asked}, answered ${answered}, counted ${JSON.stringify(scopes)}`);
    assert.deepEqual(seenBy(way.from, own), rowOf(way.client, asked, answered), 'client');
    assert.deepEqual(seenBy(answererOf(way), own), rowOf(way.server, answered, asked), 'server');
    const wanted = Object.entries(way.counted).map(([scope, parts]) => {
      return [scope, parts.reduce((bytes, part) => bytes + BYTES[part], 0)] as const;
    });
    assert.deepEqual(scopes, Object.fromEntries(wanted));
  });

function said({ counted: scopes }: Combination): string {
  const parts = Object.entries(scopes).map(([scope, what]) => `${scope} ${what.join(' + ')}`);
  return parts.join(', ') || 'nothing';
}

test('the bytes are those of the kernel, and all of them have peers', (t) => {
  const { asked, answered } = BYTES;
  for (const [name, { sent, received }] of kernel) {
    const asks = COMBINATIONS.filter(({ from }) => from === name).length;
    const answers = COMBINATIONS.filter((way) => answererOf(way) === name).length;
    t.diagnostic(`${name}: sent ${sent}, received ${received}`);
    const more = [
      sent - asks * asked - answers * answered,
      received - asks * answered - answers * asked,
    ];
    assert.ok(
      more.every((bytes) => bytes >= 0 && bytes < FEW),
      `${name} ${more.join(' ')}`,
    );
  }
  for (const row of totals) {
    const own = rows.filter((each) =>
      ['cluster', 'pod', 'time'].every((tag) => each[tag] === row[tag]),
    );
    assert.equal(sum(own, 'sentBytes'), row['sentAttributed']);
    assert.equal(sum(own, 'receivedBytes'), row['receivedAttributed']);
  }
});

test('two clusters with nodes, namespaces and pods of the same names write into one database', async () => {
  for (const nth of COMBINATIONS.keys())
    for (const pod of ['web', 'db'])
      assert.deepEqual(seenBy(pod, rowsOf(nth, 'two')), seenBy(pod, rowsOf(nth)), `${nth} ${pod}`);
  const agents = await lab.influx.query('SELECT * FROM nstat_agent');
  const found = new Set(agents.map((row) => `${row['cluster']} ${row['node']}`));
  const wanted = Object.entries(AGENTS).flatMap(([name, nodes]) =>
    nodes.map((node) => `${name} ${node}`),
  );
  assert.deepEqual([...found].toSorted(), wanted);
});
