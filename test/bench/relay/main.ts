/**
 * What a crowd of agents costs the API server, and a relay: they start at once, and follow a large cluster in which 30
 * pods change a second, at the API server or at one or two relays.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { makeBundle } from '../../image/bundle.ts';
import { selfSigned } from '../../lab/apiserver/tls.ts';
import { kubeconfigFor } from '../../lab/kubeconfig.ts';
import { type Asked, start } from '../api/channel.ts';
import { SIZE } from '../api/cluster.ts';
import type { Seen, Started } from '../api/server.ts';
import type { Usage } from '../api/usage.ts';
import { progress } from '../progress.ts';
import type { Result } from '../result.ts';
import type { Wanted } from './agents.ts';
import { Crowd } from './crowd.ts';
import { freePort, type Replica, startReplica } from './replica.ts';
import { measureStuck } from './stuck.ts';
import { type Measured, stuckTable, tableOf } from './table.ts';

const QUICK = process.argv.includes('--quick');
/** How long agents are watched as they follow. */
const SECONDS = QUICK ? 4 : 10;
/** Milliseconds after a start in which what it has left behind is done. */
const SETTLE = QUICK ? 500 : 3000;
/** Agents, and relays that they ask; without a relay they ask the API server. */
const RUNS: readonly (readonly [agents: number, relays: number])[] = QUICK
  ? [
      [2, 0],
      [10, 1],
      [100, 1],
    ]
  : [
      [1, 0],
      [10, 1],
      [100, 1],
      [1000, 1],
      [1000, 2],
    ];
/** Beside so many agents some clients do not read, which takes half a minute. */
const WITH_STUCK = QUICK ? undefined : 10;
const HOSTS = ['127.0.0.1', '127.0.0.2'];

const say = progress('relay');
const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
const file = (name: string) => join(directory, name);
const replicas: Replica[] = [];
process.once('exit', () => {
  for (const replica of replicas) replica.kill();
  rmSync(directory, { recursive: true });
});
process.once('SIGTERM', () => process.exit(1));

let server: Asked | undefined;
/** More processes would have no core to run on. */
const crowd = new Crowd(2);
/** One more agent, which begins last and has its process to itself: how long it waits for a change is not its own work. */
const observer = new Crowd(1);
try {
  server = start('server.ts', '--max-old-space-size=8192');
  process.stdout.write(JSON.stringify(await compare(server)));
} finally {
  await Promise.all([server, crowd, observer, ...replicas].map(async (each) => each?.end()));
}

async function compare(api: Asked): Promise<Result> {
  using bundle = makeBundle(directory);
  const { url, ca } = await api.ask<Started>('start');
  for (const client of ['relay', 'direct'])
    writeFileSync(file(client), kubeconfigFor(url, ca, client));
  selfSigned(directory, ['localhost']);
  writeFileSync(file('token'), await api.ask<string>('token'));
  await api.ask('change', '0');
  const runs: Measured[] = [];
  for (const [agents, relays] of RUNS) {
    say(`${agents} agents at ${relays || 'no'} relays`);
    runs.push(await measure(api, bundle.main, agents, relays));
  }
  const scene = { size: SIZE, seconds: SECONDS };
  return {
    figures: { ...scene, runs },
    tables: [tableOf(runs, scene), ...(QUICK ? [] : [stuckTable(runs)])],
  };
}

async function measure(
  api: Asked,
  main: string,
  agents: number,
  relays: number,
): Promise<Measured> {
  const port = await freePort();
  const tls = { cert: file('tls.crt'), key: file('tls.key') };
  const hosts = HOSTS.slice(0, relays);
  for (const host of hosts)
    replicas.push(await startReplica({ main, host, port, kubeconfig: file('relay'), tls }));
  const relay = { port, addresses: hosts, authority: tls.cert, tokenFile: file('token') };
  const wanted: Wanted = { agents, kubeconfig: file('direct'), ...(relays > 0 && { relay }) };
  const relayCpu = () => replicas.map((replica) => replica.cpu());
  const look = async () => ({
    at: performance.now(),
    api: await seenBy(api),
    crowd: await crowd.total(),
    crowdCpu: await crowd.cpu(),
    relayCpu: relayCpu(),
  });

  const first = await look();
  const { seconds, missing } = await crowd.follow(wanted);
  const started = await look();
  const peaks = replicas.map((each) => each.memory().peak);
  await sleep(SETTLE);
  if (relays > 0) await observer.follow({ ...wanted, agents: 1 });
  await untilCurrent(api);
  await Promise.all([crowd.forget(), observer.forget()]);
  const before = await look();
  await sleep(SECONDS * 1000);
  const after = await look();
  const delay = await crowd.delays(await api.ask('made'));
  const observed = await observer.delays(await api.ask('made'));
  const memory = replicas.map((each) => each.memory());
  const [replica] = replicas;
  const stuck =
    replica && agents === WITH_STUCK ? await measureStuck(api, replica, relay) : undefined;
  const failures = await crowd.failures();
  await Promise.all([crowd.stop(), observer.stop()]);
  await Promise.all(replicas.map(async (each) => each.end()));
  replicas.length = 0;

  const elapsed = (after.at - before.at) / 1000;
  const spent = (then: number[], now: number[]) =>
    most(now.map((cpu, nth) => cpu - (then[nth] ?? 0)));
  return {
    agents,
    relays,
    start: {
      seconds,
      missing,
      lists: started.api.lists - first.api.lists,
      apiBytes: started.api.bytes - first.api.bytes,
      apiCpu: started.api.cpu - first.api.cpu,
      relayCpu: spent(first.relayCpu, started.relayCpu),
      relayPeak: most(peaks),
      listed: started.crowd.lists,
      received: started.crowd.bytes,
    },
    follow: {
      apiRequests: after.api.requests - before.api.requests,
      apiBytes: (after.api.bytes - before.api.bytes) / elapsed,
      apiCpu: (after.api.cpu - before.api.cpu) / elapsed,
      agentBytes: (after.crowd.bytes - before.crowd.bytes) / elapsed / agents,
      crowdCpu: (after.crowdCpu - before.crowdCpu) / elapsed,
      relayCpu: spent(before.relayCpu, after.relayCpu) / elapsed,
      relayPss: most(memory.map(({ pss }) => pss)),
      relayRss: most(memory.map(({ rss }) => rss)),
      delay,
      observed,
    },
    stuck,
    failures,
  };
}

/** The figure of the busier relay, or 0 without one. */
function most(values: readonly number[]): number {
  return Math.max(0, ...values);
}

/** Resolves when what has come meanwhile is no longer in the way of what comes. */
async function untilCurrent(api: Asked): Promise<void> {
  for (let times = 0; times < 10; times += 1) {
    await crowd.forget();
    await sleep(1000);
    if ((await crowd.delays(await api.ask('made'))).p99 < 1000) return;
  }
}

/** What the API server has seen of agents and relays, and its CPU seconds, up to now. */
async function seenBy(api: Asked) {
  const { requests } = await api.ask<Seen>('seen');
  const lists = requests.filter(
    ({ path }) => !path.includes('watch=') && path.startsWith('/api/v1/'),
  );
  const bytes = requests.reduce((sum, request) => sum + request.bytes, 0);
  const { cpu } = await api.ask<Usage>('usage');
  return { requests: requests.length, lists: lists.length, bytes, cpu };
}
