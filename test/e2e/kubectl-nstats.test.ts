import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { decodeUpdate } from '../../daemon/web/update.ts';
import { linesOf } from '../../lib/top/lines.ts';
import { node as nodeObject } from '../lab/apiserver/objects.ts';
import { inherited } from '../lab/daemon.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';
import { Terminal } from '../top/tmux.ts';

const ROOT = join(import.meta.dirname, '../..');
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

/** The row of what `idle` sends, in Mbit/s. */
const IDLE = /^[ >]shop\/idle +shop\/server .*? (\d\.\d\d) M +0\b/m;

let lab: Lab;
/** The bundled program, with the page beside it, as a user has it. */
let program: string;
let [client, server, idle]: [Pod?, Pod?, Pod?] = [];
const daemons: Daemon[] = [];

before(async () => {
  lab = await createLab();
  const plugin = join(lab.directory, 'plugin');
  for (const [what, directory] of [
    ['plugin', plugin],
    ['page', join(plugin, 'page')],
  ] as const) {
    const config = join(ROOT, `manifests/${what}/rolldown.config.ts`);
    const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
    execFileSync(process.execPath, [rolldown, '--config', config, '--dir', directory]);
  }
  program = join(plugin, 'kubectl-nstats.js');
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
  idle = await pod('idle', 'lab-3', '10.244.0.13');
  await server.serve(5000);
  client.traffic('datagrams', '10.244.0.12', 5000, RATE, SIZE);
  await lab.captures(3);
});

after(async () => lab.end());

function start(...args: readonly string[]) {
  return lab.processes.start(process.execPath, [program, ...args], {
    env: { ...inherited(), KUBECONFIG: lab.environment['KUBECONFIG'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs kubectl nstats top to its end. */
async function top(...args: readonly string[]) {
  const child = start('top', '-o', 'json', ...args);
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

test('on the screen of a terminal a flow that starts appears, at the rate at which it is sent', async (t) => {
  const environment = { KUBECONFIG: lab.environment['KUBECONFIG'] };
  const terminals = [80, 160].map((columns) => new Terminal(t, columns, 24, environment));
  for (const terminal of terminals) terminal.node(program, 'top');
  for (const terminal of terminals)
    await terminal.shows(/^nstats \d\d:\d\d:\d\d {2}3 of 3 nodes [^]*shop\/client .*server/m);
  idle?.traffic('datagrams', '10.244.0.12', 5000, RATE, SIZE);
  await until(async () => (idle?.sandbox.passed().sent ?? 0) > 10 * SIZE, 'the first packets');
  const started = performance.now();
  const since = () => `${((performance.now() - started) / 1000).toFixed(1)} s after its start`;
  for (const terminal of terminals) {
    await terminal.shows(IDLE);
    t.diagnostic(`the flow is on the screen ${since()}`);
  }
  for (const terminal of terminals) {
    const isExact = () => {
      const [, millions = ''] = IDLE.exec(terminal.text()) ?? [];
      return Math.abs((Number(millions) * 1e6) / IP_BITS - 1) < 0.02;
    };
    await terminal.until('the rate within 2 %', isExact);
    t.diagnostic(`its rate is within 2 % ${since()}\n${terminal.text()}`);
  }
  for (const terminal of terminals) terminal.press('q');
});

test('the page shows what passes to who has its address', async () => {
  const child = start('web');
  assert.ok(child.stdout);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const [, page = '', token = ''] = /^The page is at (http:\S+)#(\S+) /.exec(said.toString()) ?? [];
  const html = await (await fetch(page)).text();
  assert.match(html, /<title>nstats/);
  assert.equal((await fetch(`${page}stream`)).status, 401);
  const stream = await fetch(`${page}stream`, { headers: { authorization: `Bearer ${token}` } });
  assert.ok(stream.body);
  for await (const line of linesOf(Readable.fromWeb(stream.body))) if (shows(line)) break;
  child.kill('SIGTERM');
  await once(child, 'close');
});

function shows(line: string): boolean {
  return decodeUpdate(line).views.some(({ pod, peer }) => pod === 'client' && peer === 'server');
}

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
