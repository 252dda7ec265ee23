/**
 * What an agent costs the API server, beside the informers of @kubernetes/client-node: both list and
 * follow a cluster of 20 000 pods for so many minutes, in which 30 pods change a second. Or only what
 * the directory of such a cluster holds in memory:
 *
 *   npm run bench:api [-- <minutes>]
 *   npm run bench:api -- directory
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Figures } from '../../lib/kubernetes/transport.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import type { RequestRecord } from '../lab/apiserver/server.ts';
import { type Asked, start } from './api/channel.ts';
import { SIZE } from './api/cluster.ts';
import type { Seen, Started } from './api/server.ts';
import { type Column, table } from './api/table.ts';
import type { Usage } from './api/usage.ts';

const OBJECTS = SIZE.pods + SIZE.services + SIZE.nodes;
const cluster = `${SIZE.pods} pods, ${SIZE.services} services, ${SIZE.nodes} nodes`;
const running: Asked[] = [];
try {
  if (process.argv[2] === 'directory') await weigh();
  else await compare(Number(process.argv[2] ?? 3));
} finally {
  await Promise.all(running.map((process) => process.end()));
}

async function weigh(): Promise<void> {
  const { bytes, addresses } = await run('memory.ts').ask<{ bytes: number; addresses: number }>(
    'fill',
  );
  const each = (bytes / OBJECTS).toFixed(0);
  console.log(`${cluster}: ${(bytes / 1e6).toFixed(1)} MB of heap, ${each} bytes an object`);
  console.log(`${addresses} addresses`);
}

async function compare(minutes: number): Promise<void> {
  const server = run('server.ts', '--max-old-space-size=8192');
  const { url, ca, bytes } = await server.ask<Started>('start');
  const kilobytes = [bytes.pod, bytes.service, bytes.node].map((size) => (size / 1e3).toFixed(1));
  console.log(`${cluster} of ${kilobytes.join(', ')} kB each; ${minutes} minutes of following`);

  const ours = await listed(server, 'nstats', kubeconfigFor(url, ca, 'nstats'));
  const theirs = await listed(server, 'client-node', kubeconfigFor(url, ca, 'client-node'));
  const agents = [ours, theirs];
  const before = await Promise.all(agents.map(({ agent }) => agent.ask<Usage>('usage')));
  const seenBefore = await server.ask<Seen>('seen');
  await server.ask('change');
  await sleep(minutes * 60_000);
  await server.ask('rest');
  // The last changes are on their way.
  await sleep(1000);
  const after = await Promise.all(agents.map(({ agent }) => agent.ask<Usage>('usage')));
  const seen = await server.ask<Seen>('seen');

  const sent = of(seen, 'nstats');
  assert.deepEqual(
    await ours.agent.ask<Figures>('figures'),
    { requests: sent.length, bytes: sum(sent), connections: ours.list.connections },
    'what nstats counts is not what the server counts',
  );
  const columns = agents.map(({ name, list }, nth): Column => {
    const cpu = (after[nth]?.cpu ?? 0) - (before[nth]?.cpu ?? 0);
    const [then, now] = [of(seenBefore, name), of(seen, name)];
    const again = now.slice(then.length);
    return {
      name,
      list,
      minute: {
        bytes: (sum(now) - sum(then)) / minutes,
        cpu: cpu / minutes,
        lists: again.filter(isList).length / minutes,
        watches: again.filter((request) => !isList(request)).length / minutes,
      },
      resident: after[nth]?.rss ?? 0,
    };
  });
  console.log(`${seen.changes} changes to pods\n\n${table(columns, OBJECTS)}`);
}

/** Has an agent list everything, and looks at what that took. */
async function listed(server: Asked, name: string, kubeconfig: string) {
  const agent = run(`${name}.ts`);
  const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, kubeconfig);
  const before = await agent.ask<Usage>('usage');
  const heap = await agent.ask<number>('heap');
  const { connections } = await server.ask<Seen>('seen');
  const done = await agent.ask<number>('list', path);
  // The watches begin.
  await sleep(2000);
  const { cpu, rss, peak } = await agent.ask<Usage>('usage');
  const seen = await server.ask<Seen>('seen');
  rmSync(directory, { recursive: true });
  const requests = of(seen, name);
  const first = requests.find((request) => isList(request) && isWhole(request));
  const list = {
    lists: requests.filter(isList).length,
    watches: requests.filter((request) => !isList(request)).length,
    bytes: sum(requests),
    connections: seen.connections - connections,
    seconds: (done - (first?.at ?? 0)) / 1000,
    cpu: cpu - before.cpu,
    before: before.rss,
    after: rss,
    peak,
    heap: (await agent.ask<number>('heap')) - heap,
  };
  return { name, agent, list };
}

function run(file: string, ...flags: string[]): Asked {
  const process = start(file, ...flags);
  running.push(process);
  return process;
}

function of({ requests }: Seen, agent: string): RequestRecord[] {
  return requests.filter(({ user }) => user === agent);
}

function sum(requests: readonly RequestRecord[]): number {
  return requests.reduce((total, { bytes }) => total + bytes, 0);
}

function isList({ path }: RequestRecord): boolean {
  return !path.includes('watch=');
}

/** Not only of a node, or to count the nodes. */
function isWhole({ path }: RequestRecord): boolean {
  return !/fieldSelector=|limit=/.test(path);
}
