/**
 * How much of what the kernel has counted do nstats with either capture, the prototype and one-shot windows back to
 * back find, in the same pods at the same time?
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBundle } from '../../image/bundle.ts';
import { pod as podObject } from '../../lab/apiserver/objects.ts';
import { startInflux } from '../../lab/influx.ts';
import { createLab, type Lab, type Pod } from '../../lab/lab.ts';
import { offload } from '../../lab/network.ts';
import { ip, kill } from '../../lab/shell.ts';
import { agentEnvironment } from '../node/agent.ts';
import { found, sums } from './found.ts';
import { kernelBytes } from './kernel.ts';
import { type Kind, KINDS, PEER_V6, PEERS, PORT } from './kinds.ts';
import { lives } from './lives.ts';
import { oneShots } from './one-shot.ts';
import { type Figures, resultOf } from './table.ts';

const quick = process.argv.includes('--quick');
/** How often the prototype looks, and how many times; in milliseconds. Cron starts it once a minute. */
const [PERIOD, PERIODS] = quick ? [30_000, 1] : [60_000, 2];
/** Milliseconds in which new interfaces end to announce themselves, and iftop reports all that has passed. */
const SETTLE = 3000;
const PROTOTYPE = join(import.meta.dirname, '../prototype.sh');

// In the lab's own file system, which nothing outlives.
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab(bundle.main);
try {
  const kinds = KINDS.filter((kind) => kind.quick || !quick);
  const figures = await measure(lab, kinds, await build(lab, kinds));
  process.stdout.write(
    JSON.stringify(
      resultOf(kinds, figures, { period: PERIOD / 1000, seconds: (PERIODS * PERIOD) / 1000 }),
    ),
  );
} finally {
  await lab.end();
}

/** A pod for each kind but that of the short-lived ones. */
async function build(lab: Lab, kinds: readonly Kind[]): Promise<ReadonlyMap<Kind, Pod>> {
  // Where packets go without an answer.
  ip(['route replace blackhole 198.18.0.0/15']);
  for (const [nth, address] of PEERS.entries()) {
    const peer = { namespace: 'peers', name: `peer-${nth}`, nodeName: 'lab-2', ips: [address] };
    lab.api.store.put('pods', podObject(peer));
  }
  const elsewhere = await lab.outside([...PEERS, PEER_V6]);
  await elsewhere.serve(PORT);
  const pods = new Map<Kind, Pod>();
  for (const [nth, kind] of kinds.entries()) {
    if (kind.shortLived) continue;
    const ips = [`10.244.0.${10 + nth}`, `fd00:10:244::${10 + nth}`];
    const pod = await lab.pod({ namespace: 'bench', name: kind.name, ips });
    if (kind.segmented) offload(pod.sandbox.pid, false);
    pods.set(kind, pod);
  }
  return pods;
}

async function measure(
  lab: Lab,
  kinds: readonly Kind[],
  pods: ReadonlyMap<Kind, Pod>,
): Promise<Figures[]> {
  const { directory, processes } = lab;
  await sleep(SETTLE);
  const databases = {
    iftop: lab.influx,
    bpf: await startInflux(directory, processes, { port: 8090 }),
  };
  const daemons = [
    lab.daemon(agentEnvironment(lab, 'iftop')),
    lab.daemon({ ...agentEnvironment(lab, 'bpf'), INFLUX_URL: databases.bpf.url }),
  ];
  await lab.captures(2 * pods.size);
  await sleep(1500);
  const whole = mapValues(pods, kernelBytes);
  const senders = [...pods].map(([{ traffic }, pod]) => pod.traffic(...traffic));
  const stop = new AbortController();
  const ended = kinds
    .filter(({ shortLived }) => shortLived)
    .map(async (kind) => [kind, await lives(lab, kind, stop.signal)] as const);
  await sleep(1500);

  const easy = new Map([...pods].filter(([{ hard }]) => !hard));
  const windows = [...easy].map(
    async ([kind, pod]) => [kind, await oneShots(pod, stop.signal)] as const,
  );
  const looking = mapValues(easy, kernelBytes);
  await prototype(lab, [...easy.values()]);
  const looked = mapValues(looking, (bytes) => bytes());
  stop.abort();
  const shots = new Map(await Promise.all(windows));
  const short = await Promise.all(ended);
  for (const sender of senders) await kill(sender, 'SIGKILL');
  await sleep(SETTLE);
  const kernel = new Map([...mapValues(whole, (bytes) => bytes()), ...short]);
  await Promise.all(daemons.map(({ process }) => kill(process, 'SIGTERM')));

  const [iftop, bpf] = [await found(databases.iftop), await found(databases.bpf)];
  const rates = await sums(lab.influx, 'prototype', 'sendRate', 'receiveRate');
  for (const kind of easy.keys())
    if (rates(kind) === 0) throw new Error(`the prototype has written nothing of ${kind.name}`);
  for (const [{ name }, shot] of shots)
    if (shot.kernel === 0) throw new Error(`no one-shot window of ${name}`);
  return kinds.map((kind) => ({
    name: kind.name,
    kernel: kernel.get(kind) ?? NaN,
    bpf: bpf(kind),
    iftop: iftop(kind),
    prototype: easy.has(kind)
      ? { bytes: (rates(kind) / 8) * (PERIOD / 1000), kernel: looked.get(kind) ?? NaN }
      : undefined,
    oneShot: shots.get(kind),
  }));
}

function mapValues<V, W>(map: ReadonlyMap<Kind, V>, change: (value: V) => W): Map<Kind, W> {
  return new Map([...map].map(([kind, value]) => [kind, change(value)]));
}

/** What cron would do. */
async function prototype(lab: Lab, pods: readonly Pod[]): Promise<void> {
  const url = `${lab.influx.url}/write?db=${lab.influx.database}`;
  const began = performance.now();
  for (let nth = 1; nth <= PERIODS; nth += 1) {
    console.error(`accuracy: look ${nth} of ${PERIODS}, ${pods.length} kinds of traffic`);
    for (const { name, sandbox } of pods) sandbox.run(['sh', PROTOTYPE, name, url]);
    await sleep(began + nth * PERIOD - performance.now());
  }
}
