import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { encode } from '../../../lib/live/frame.ts';
import { agent, listen } from '../agents.ts';
import { helloOf, simulatedCluster } from '../simulated-agent.ts';

const { flows, nodes } = simulatedCluster({ nodes: 2, pods: 4, peers: 2 });

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs a script of Node, whose output is read to its end. */
async function run(script: string, args: readonly string[], socket = '/nowhere'): Promise<Ended> {
  const env = { PATH: process.env['PATH'], TOP_SOCKET: socket, NODE_NAME: 'node-1' };
  const child = spawn(process.execPath, [...script.split(' '), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, error };
}

async function top(t: TestContext, ...args: readonly string[]): Promise<Ended> {
  return run('daemon/main.ts top', args, await agent(t, 'node-1', () => flows));
}

interface Printed {
  readonly seconds: number | null;
  readonly agents: readonly { readonly agent: string; readonly state: string }[];
  readonly rows: readonly {
    readonly pod: string;
    readonly sendRate: number;
    readonly sentBytes: number;
  }[];
}

test('without a terminal the rates are printed once', async (t) => {
  const { code, out, error } = await top(t, '--group', 'pod');
  assert.deepEqual([code, error], [0, '']);
  const [headings, ...rows] = out.trimEnd().split('\n');
  assert.match(headings ?? '', /^POD +NODE +SEND +RECV/);
  assert.equal(rows.length, 4);
});

test('rows are grouped, sorted, filtered and limited', async (t) => {
  const options = ['--group', 'pod', '--sort', 'pod', '--filter', 'APP-', '--limit', '2'];
  const { out } = await top(t, '-o', 'json', ...options);
  const { rows } = JSON.parse(out) as Printed;
  assert.deepEqual(
    rows.map(({ pod }) => pod),
    ['app-1-1', 'app-2-1'],
  );
});

test('a duration is summed up: bytes of exactly this time, and the mean rate over it', async (t) => {
  const { code, out } = await top(t, '--duration', '4s', '-o', 'json', '--group', 'pod');
  assert.equal(code, 0);
  const { rows, seconds } = JSON.parse(out) as Printed;
  assert.equal(seconds, 4);
  assert.equal(rows.length, 4);
  for (const { sendRate, sentBytes } of rows) assert.ok(Math.abs(sentBytes * 2 - sendRate) <= 2);
  const { rows: now } = JSON.parse((await top(t, '-o', 'json', '--group', 'pod')).out) as Printed;
  for (const { pod, sendRate } of rows) {
    const steady = now.find((row) => row.pod === pod)?.sendRate ?? NaN;
    assert.ok(Math.abs(sendRate - steady) < 0.1 * steady, `${pod}: ${sendRate}, ${steady}`);
  }
});

test('agents that do not answer are named on stderr, and are exit code 3', async (t) => {
  const well = await agent(t, 'node-1', () => flows);
  const silent = await listen(t, (socket) => socket.write(encode(helloOf('node-2', 3))));
  const agents = [`node-1=${well}`, `node-2=${silent}`, 'node-3=/nowhere'];
  const { code, out, error } = await run('test/top/show-many.ts', [...agents, '-o', 'json']);
  assert.equal(code, 3);
  assert.match(error, /^nstats: node-2: it \S.*\nnstats: node-3: .*ENOENT.*\n$/s);
  const printed = JSON.parse(out) as Printed;
  assert.ok(printed.rows.length > 0);
  assert.deepEqual(
    printed.agents.map(({ state }) => state === 'live'),
    [true, false, false],
  );
});

test('agents are waited for as long as one after the other answers', async (t) => {
  const all = await Promise.all(
    ['node-1', 'node-2', 'node-3'].map(async (node, nth) => {
      const path = await agent(t, node, () => flows, 3500 * nth);
      return `${node}=${path}`;
    }),
  );
  const { code, error } = await run('test/top/show-many.ts', [...all, '--once']);
  assert.deepEqual([code, error], [0, '']);
});

test('if no agent answers that is exit code 1, and nothing is printed', async () => {
  const { code, out, error } = await run('test/top/show-many.ts', ['node-1=/nowhere', '--once']);
  assert.deepEqual([code, out], [1, '']);
  assert.match(error, /^nstats: node-1: /);
});

test('without an agent in the container the message names the setting and the fix', async () => {
  const { code, out, error } = await run('daemon/main.ts top', []);
  assert.deepEqual([code, out], [1, '']);
  assert.match(error, /^nstats: .*TOP_SOCKET.*\/nowhere.*fix: .*\n$/);
});

for (const [args, message] of [
  [['--sort', 'size'], /--sort is "size"; it must be one of namespace, pod, /],
  [['--group', 'node'], /--group is "node"; it must be one of flow, pod, workload/],
  [['-o', 'xml'], /-o is "xml"; it must be one of table, json, csv/],
  [['--duration', '10'], /--duration is "10"; it must be a time from 1s to 24h/],
  [['--limit', '0'], /--limit is "0"; it must be a whole number from 1 on/],
  [['--fast'], /'--fast'/],
  [['pods'], /'pods'/],
] as const)
  test(`${args.join(' ')} is a mistake that is named, exit code 2`, async () => {
    const { code, out, error } = await run('daemon/main.ts top', args);
    assert.deepEqual([code, out], [2, '']);
    assert.match(error, message);
    assert.match(error, /See nstats top --help\.\n$/);
  });

test('--help says all options, on lines that fit', async () => {
  const { code, out } = await run('daemon/main.ts top', ['--help']);
  assert.equal(code, 0);
  for (const option of [
    '--once',
    '--output',
    '--duration',
    '--group',
    '--sort',
    '--filter',
    '--limit',
  ])
    assert.match(out, new RegExp(`^  (?:-o, )?${option}`, 'm'));
  for (const line of out.split('\n')) assert.ok(line.length <= 120, line);
});

test('a reader that has read enough is no error', async (t) => {
  const many = simulatedCluster({ nodes: 1, pods: 100, peers: 50 });
  const socket = await agent(t, nodes[0] ?? '', () => many.flows);
  const command = `"$0" daemon/main.ts top -o csv | head -n 1`;
  const child = spawn('bash', ['-o', 'pipefail', '-c', command, process.execPath], {
    env: { PATH: process.env['PATH'], TOP_SOCKET: socket },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.deepEqual([await closed, error], [0, '']);
  assert.match(out, /^namespace,pod,/);
});
