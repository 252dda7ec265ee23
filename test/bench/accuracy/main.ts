/**
 * How much of what the kernel has counted do nstats, the prototype and one-shot windows back to back
 * find, in the same pods at the same time?
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { imageEnvironment, makeBundle } from '../../image/bundle.ts';
import { pod as podObject } from '../../lab/apiserver/objects.ts';
import { createLab, type Lab, type Pod } from '../../lab/lab.ts';
import { ip, kill } from '../../lab/shell.ts';
import { kernelBytes } from './kernel.ts';
import { type Kind, KINDS, PEER_V6, PEERS, PORT } from './kinds.ts';
import { oneShots } from './one-shot.ts';
import { type Figures, resultOf } from './table.ts';

const quick = process.argv.includes('--quick');
/** How often the prototype looks, and how many times; in milliseconds. Cron starts it once a minute. */
const [PERIOD, PERIODS] = quick ? [30_000, 1] : [60_000, 2];
const PROTOTYPE = join(import.meta.dirname, '../prototype.sh');

// In the lab's own file system, which nothing outlives.
using bundle = makeBundle(process.env['LAB_DIRECTORY']);
const lab = await createLab(bundle.main);
try {
  const kinds = KINDS.filter((kind) => kind.quick || !quick);
  const pods = await build(lab, kinds);
  const figures = await measure(lab, kinds, pods);
  process.stdout.write(
    JSON.stringify(
      resultOf(kinds, figures, { period: PERIOD / 1000, seconds: (PERIODS * PERIOD) / 1000 }),
    ),
  );
} finally {
  await lab.end();
}

async function build(lab: Lab, kinds: readonly Kind[]): Promise<Pod[]> {
  // Where the small packets go, without an answer.
  ip(['route replace blackhole 198.18.0.0/15']);
  for (const [nth, address] of PEERS.entries()) {
    const peer = { namespace: 'peers', name: `peer-${nth}`, nodeName: 'lab-2', ips: [address] };
    lab.api.store.put('pods', podObject(peer));
  }
  const elsewhere = await lab.outside([...PEERS, PEER_V6]);
  await elsewhere.serve(PORT);
  const pods: Pod[] = [];
  for (const [nth, { name }] of kinds.entries()) {
    const ips = [`10.244.0.${10 + nth}`, `fd00:10:244::${10 + nth}`];
    pods.push(await lab.pod({ namespace: 'bench', name, ips }));
  }
  return pods;
}

async function measure(lab: Lab, kinds: readonly Kind[], pods: readonly Pod[]): Promise<Figures[]> {
  const daemon = lab.daemon(imageEnvironment());
  await lab.captures(pods.length);
  await sleep(1500);
  const whole = pods.map(kernelBytes);
  const senders = kinds.map(({ traffic }, nth) => pods[nth]?.traffic(...traffic));
  await sleep(1500);

  const stop = new AbortController();
  const windows = Promise.all(pods.map((pod) => oneShots(pod, stop.signal)));
  const looking = pods.map(kernelBytes);
  await prototype(lab, pods);
  const looked = looking.map((bytes) => bytes());
  stop.abort();
  const shots = await windows;
  for (const sender of senders) if (sender) await kill(sender, 'SIGKILL');
  await sleep(500);
  const kernel = whole.map((bytes) => bytes());
  await kill(daemon.process, 'SIGTERM');

  const counted = await sums(lab, pods, 'nstat_pod', 'sentBytes', 'receivedBytes');
  const attributed = await sums(lab, pods, 'nstat', 'sentBytes', 'receivedBytes');
  const rates = await sums(lab, pods, 'prototype', 'sendRate', 'receiveRate');
  if (rates.includes(0)) throw new Error('the prototype has written nothing of some pod');
  if (shots.some((shot) => shot.kernel === 0)) throw new Error('no one-shot window of some pod');
  return kinds.map(({ name }, nth) => ({
    name,
    kernel: kernel[nth] ?? NaN,
    nstatPod: counted[nth] ?? NaN,
    nstat: attributed[nth] ?? NaN,
    prototype: { bytes: ((rates[nth] ?? NaN) / 8) * (PERIOD / 1000), kernel: looked[nth] ?? NaN },
    oneShot: shots[nth] ?? { bytes: NaN, kernel: NaN },
  }));
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

/** What InfluxDB has of each pod, two fields together. */
async function sums(
  { influx }: Lab,
  pods: readonly Pod[],
  measurement: string,
  ...[one, other]: readonly [string, string]
): Promise<number[]> {
  const columns = `sum("${one}") AS one, sum("${other}") AS other`;
  const rows = await influx.query(`SELECT ${columns} FROM ${measurement} GROUP BY "pod"`);
  const sum = new Map(rows.map(({ pod, one, other }) => [pod, Number(one) + Number(other)]));
  return pods.map(({ name }) => sum.get(name) ?? 0);
}
