import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubernetesObject } from '../lab/apiserver/object.ts';
import { service as serviceObject } from '../lab/apiserver/objects.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertReasons, sum } from '../lab/rows.ts';
import { kill, sh } from '../lab/shell.ts';

const SERVER = '10.244.0.11';
const SERVICE = '10.96.0.11';
const RATE = 100_000;
/** Ports that this client gets for its connections: below the ones that are declared, as no Linux gives them by itself. */
const LOW = '20000 20999';

/** What is sent where, and the tag that the rows of both ends have. */
const cases = [
  ['a port of a service', 'web', 'tcp', SERVICE, 8443, '8443/tcp'],
  [
    'a port that nobody declares, by connections that last for a moment',
    'web',
    'visit',
    SERVER,
    9100,
    '9100/tcp',
  ],
  ['a port that nobody declares, by UDP', 'web', 'udp', SERVER, 8125, '8125/udp'],
  ['a port that nobody declares and clients may have', 'web', 'tcp', SERVER, 40_000, '-'],
  ['a port of a container, above those of the client', 'low', 'tcp', SERVER, 50_001, '50001/tcp'],
  [
    'a port of a service, above those of the client, by UDP',
    'low',
    'udp',
    SERVER,
    50_002,
    '50002/udp',
  ],
] as const;

let lab: Lab;
let daemon: Daemon;
let rows: Row[];

before(async () => {
  lab = await createLab();
  const pod = (name: string, ip: string) => lab.pod({ namespace: 'shop', name, ips: [ip] });
  const clients = { web: await pod('web', '10.244.0.10'), low: await pod('low', '10.244.0.12') };
  const server = await pod('server', SERVER);
  const range = `echo ${LOW} >/proc/sys/net/ipv4/ip_local_port_range`;
  sh('nsenter', ['-t', `${clients.low.sandbox.pid}`, '-n', 'sh', '-c', range]);
  for (const port of new Set(cases.map(([, , , , port]) => port))) await server.serve(port);
  lab.service({ namespace: 'shop', name: 'api', ips: [SERVICE], port: 8443, backends: [SERVER] });
  declare(server, { containerPort: 50_001, protocol: 'TCP' });
  const metrics = serviceObject({ namespace: 'shop', name: 'metrics', clusterIPs: ['10.96.0.12'] });
  const ports = [{ port: 50_002, targetPort: 50_002, protocol: 'UDP' }];
  lab.api.store.put('services', { ...metrics, spec: { ...metrics.spec, ports } });

  daemon = lab.daemon({ CAPTURE: 'bpf', PORTS: 'service', INTERVAL: '5s' });
  await lab.captures(3);
  await until(async () => (await fetch('http://127.0.0.1:9790/readyz')).ok, 'readiness');
  for (const [, client, by, host, port] of cases) {
    if (by === 'tcp') clients[client].traffic('send', host, port, RATE);
    if (by === 'visit') clients[client].traffic('visit', host, port, 50, RATE / 50);
    if (by === 'udp') clients[client].traffic('spray', port, RATE, host);
  }
  const since = Math.ceil(Date.now() / 1000);
  // Hundreds of connections by then.
  const windows = async () => lab.influx.query(`SELECT * FROM nstat_agent WHERE time > ${since}s`);
  await until(async () => (await windows()).length > 2, 'three windows', 60);
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  rows = (await lab.influx.query('SELECT * FROM nstat')).filter(({ peer_kind: kind }) =>
    ['pod', 'service'].includes(String(kind)),
  );
});

after(() => lab.end());

function declare({ name, namespace }: Pod, port: object): void {
  const object = lab.api.store.get('pods', name, namespace) as KubernetesObject;
  const containers = [{ name: 'main', ports: [port] }];
  lab.api.store.put('pods', { ...object, spec: { ...object.spec, containers } });
}

for (const [what, client, , host, , tag] of cases)
  test(`${what}: ${tag}, at both ends`, () => {
    const peer = host === SERVICE ? 'api' : 'server';
    const [own, others] = [rowsOf(client, peer, tag), rowsOf('server', client, tag)];
    assert.ok(sum(own, 'sentBytes') > RATE, seen().join(', '));
    assert.ok(sum(others, 'receivedBytes') > RATE, seen().join(', '));
  });

function rowsOf(pod: string, peer: string, port: string): Row[] {
  return rows.filter((row) => row['pod'] === pod && row['peer'] === peer && row['port'] === port);
}

/** Whose rows have which ports. */
function seen(): string[] {
  return [...new Set(rows.map(({ pod, peer, port }) => `${pod} ${peer} ${port}`))].toSorted();
}

test('a port that a client got for a connection is no series', () => {
  const expected = cases.flatMap(([, client, , host, , tag]) => [
    `${client} ${host === SERVICE ? 'api' : 'server'} ${tag}`,
    `server ${client} ${tag}`,
  ]);
  assert.deepEqual(seen(), [...new Set(expected)].toSorted());
});

test('the rows of all ports add up to what the kernel counted', async () => {
  const pods = await lab.influx.query('SELECT * FROM nstat_pod');
  const peers = await lab.influx.query('SELECT * FROM nstat');
  assertReasons(pods);
  for (const direction of ['sent', 'received'])
    assert.equal(sum(peers, `${direction}Bytes`), sum(pods, `${direction}Attributed`));
  assert.ok(sum(pods, 'missingUncaptured', 'missingOther') < 0.01 * sum(pods, 'sentBytes'));
});
