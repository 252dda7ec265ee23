import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { node as nodeObject } from '../lab/apiserver/objects.ts';
import { inherited } from '../lab/daemon.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';

const MAIN = join(import.meta.dirname, '../../daemon/kubectl/main.ts');
const NODES = ['lab-1', 'lab-2', 'lab-3'];
/** Bytes a second of UDP payload, in packets of so many bytes, and what IP makes of it in bit/s. */
const [RATE, SIZE] = [400_000, 1000];
const IP_BITS = (RATE * 8 * (SIZE + 28)) / SIZE;

interface Row {
  readonly namespace: string;
  readonly pod: string;
  readonly peer_kind: string;
  readonly peer: string;
  readonly sendRate: number;
  readonly receiveRate: number;
}

let lab: Lab;
let [client, server]: [Pod?, Pod?] = [];
const daemons: Daemon[] = [];

before(async () => {
  lab = await createLab();
  for (const [nth, name] of NODES.entries()) {
    const addresses = [`192.0.2.${50 + nth}`];
    if (nth > 0) lab.api.store.put('nodes', nodeObject({ name, addresses }));
    const topSocket = join(lab.directory, `${name}.sock`);
    const own = {
      SPOOL_DIR: join(lab.directory, `spool-${name}`),
      LISTEN: `127.0.0.1:${9811 + nth}`,
    };
    daemons.push(lab.daemon({ ...own, NODE_NAME: name, TOP_SOCKET: topSocket, INTERVAL: '5s' }));
    lab.agentPod(name, topSocket);
  }
  const pod = async (name: string, node: string, ip: string) =>
    lab.pod({ name, namespace: 'shop', node, ips: [ip] });
  client = await pod('client', 'lab-1', '10.244.0.11');
  server = await pod('server', 'lab-2', '10.244.0.12');
  await pod('idle', 'lab-3', '10.244.0.13');
  await server.serve(5000);
  client.traffic('datagrams', '10.244.0.12', 5000, RATE, SIZE);
  await lab.captures(3);
});

after(async () => lab.end());

/** Runs kubectl nstats top to its end. */
async function top(...args: readonly string[]) {
  const child = lab.processes.start(process.execPath, [MAIN, 'top', '-o', 'json', ...args], {
    env: { ...inherited(), KUBECONFIG: lab.environment['KUBECONFIG'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.ok(child.stdout && child.stderr);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  const { rows, isComplete } = JSON.parse(stdout || '{"rows":[]}') as {
    rows: Row[];
    isComplete: boolean;
  };
  // Each pod says something by multicast, too.
  const betweenPods = rows.filter(({ peer_kind }) => peer_kind === 'pod');
  return { rows: betweenPods, isComplete, stderr, code };
}

async function isNamed(): Promise<boolean> {
  return (await top('--once')).rows.some(({ peer }) => peer === 'server');
}

test('what passes between two nodes is one row, at the rate at which it is sent', async () => {
  // The agents have to know the pods first.
  await until(isNamed, 'names');
  // On a busy machine an agent may be later than `top` waits for it.
  let rows: readonly Row[] = [];
  const isWhole = async () => {
    const result = await top('--duration', '10s');
    rows = result.rows;
    return result.code === 0 && result.isComplete;
  };
  await until(isWhole, 'all agents to answer', 90);
  const [row, ...others] = rows.filter(({ pod, peer }) => [pod, peer].includes('server'));
  assert.deepEqual(others, []);
  assert.ok(row);
  const rate = row.pod === 'client' ? row.sendRate : row.receiveRate;
  // An iftop that gets no CPU misses bytes.
  assert.ok(Math.abs(rate / IP_BITS - 1) < 0.1, `${rate} bit/s instead of ${IP_BITS}`);
});

test('a pod alone is shown as its own agent sees it', async () => {
  const { rows } = await top('--pod', 'shop/server');
  assert.deepEqual(
    rows.map(({ namespace, pod, peer }) => `${namespace} ${pod} ${peer}`),
    ['shop server client'],
  );
  assert.ok(rows.every(({ receiveRate, sendRate }) => receiveRate > sendRate));
});

test('a node whose agent has died is named, and the others are shown', async () => {
  const [, , third] = daemons;
  assert.ok(third);
  await kill(third.process, 'SIGKILL');
  await until(isSaid, 'two of three nodes', 60);
});

async function isSaid(): Promise<boolean> {
  const { rows, isComplete, stderr, code } = await top('--once');
  assert.equal(code, 3);
  assert.match(stderr, /^nstats: lab-3: it has ended with 1: no agent answers/m);
  assert.ok(!isComplete);
  return rows.some(({ pod }) => pod === 'client');
}
