/**
 * What an agent costs the API server, beside the informers of @kubernetes/client-node: both list and
 * follow a large cluster for a minute, in which 30 pods change a second.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Figures } from '../../../lib/kubernetes/client/transport.ts';
import { kubeconfigFor } from '../../lab/kubeconfig.ts';
import type { RequestRecord } from '../../lab/apiserver/server.ts';
import type { Result } from '../result.ts';
import { type Asked, start } from './channel.ts';
import { SIZE } from './cluster.ts';
import type { Seen, Started } from './server.ts';
import { type Column, tableOf } from './table.ts';
import type { Usage } from './usage.ts';

const FOLLOWED = (process.argv.includes('--quick') ? 10 : 60) / 60;
const running: Asked[] = [];
const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true }));
process.once('SIGTERM', () => process.exit(1));
try {
  process.stdout.write(JSON.stringify(await compare(FOLLOWED)));
} finally {
  await Promise.all(running.map((process) => process.end()));
}

/** Bytes of heap that the directory of the cluster takes. */
async function directoryHeap(): Promise<number> {
  const memory = run('memory.ts');
  const { bytes } = await memory.ask<{ bytes: number }>('fill');
  await memory.end();
  return bytes;
}

async function compare(minutes: number): Promise<Result> {
  const heap = await directoryHeap();
  const server = run('server.ts', '--max-old-space-size=8192');
  const { url, ca, bytes } = await server.ask<Started>('start');
  console.error(`api: ${SIZE.pods} pods are there, and are listed`);
  const ours = await listed(server, 'nstats', kubeconfigFor(url, ca, 'nstats'));
  const theirs = await listed(server, 'client-node', kubeconfigFor(url, ca, 'client-node'));
  const agents = [ours, theirs];
  console.error(`api: following them for ${60 * minutes} s`);
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
      hour: { requests: requestsAnHour(now, again.length / minutes) },
      resident: after[nth]?.rss ?? 0,
      directory: name === 'nstats' ? heap : undefined,
    };
  });
  const scene = { size: SIZE, bytes, seconds: 60 * minutes, changes: seen.changes };
  return { figures: { ...scene, agents: columns }, tables: [tableOf(columns, scene)] };
}

/** Has an agent list everything, and looks at what that took. */
async function listed(server: Asked, name: string, kubeconfig: string) {
  const agent = run(`${name}.ts`);
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

/**
 * A watch that asks to be ended after some minutes is not seen to be begun again in one: of these it is known from
 * what they ask for. Of others it is what was seen.
 */
function requestsAnHour(all: readonly RequestRecord[], seenAMinute: number): number {
  const timeouts = all.flatMap(({ path }) => /timeoutSeconds=(\d+)/.exec(path)?.[1] ?? []);
  if (timeouts.length === 0) return seenAMinute * 60;
  return timeouts.reduce((requests, seconds) => requests + 3600 / Number(seconds), 0);
}

/** Not only of a node, or to count the nodes; nor of the namespaces, which do not wait for their turn. */
function isWhole({ path }: RequestRecord): boolean {
  return !/fieldSelector=|limit=|\/namespaces\?/.test(path);
}
