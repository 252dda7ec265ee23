import { setTimeout as sleep } from 'node:timers/promises';
import { createLab, type Lab, type Pod } from '../lab/lab.ts';
import { kill } from '../lab/shell.ts';
import { type Reconciliation, reconcile } from './reconciliation.ts';
import { kernelCount } from './counts.ts';
import { misbehave, type Span, tracks } from './faults.ts';
import type { Gauges, Rests } from './gauges.ts';
import { Guests } from './guests.ts';
import { Observer } from './observer.ts';
import { Random } from '../lab/random.ts';
import { outagesOf } from './reported.ts';
import { Traffic } from './traffic.ts';

export interface SoakOptions {
  /** How long pods come and go and things go wrong, in seconds; the rests come on top. */
  readonly seconds: number;
  /** How long the daemon is left in peace before it is measured, in seconds. */
  readonly rest: number;
  /** Pods that live all the time; at most 90. */
  readonly pods: number;
  readonly seed: number;
  /** What captures. */
  readonly capture: 'iftop' | 'bpf';
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly rests: Rests;
  readonly most: Gauges;
  readonly reconciliation: Reconciliation;
  readonly faults: readonly Span[];
  readonly log: readonly string[];
}

const INTERVAL = 10_000;
/** Each resident sends to those so many places after it. */
const PEERS = [1, 7, 13];
/** Milliseconds until what was sent has been counted, here and by the captures. */
const SETTLE = 3000;

/** Runs the daemon in a lab of its own through all of it. Must run inside of enter.ts. */
export async function soak(options: SoakOptions): Promise<Outcome> {
  const lab = await createLab();
  try {
    return await run(lab, options);
  } finally {
    await lab.end();
  }
}

async function run(lab: Lab, options: SoakOptions): Promise<Outcome> {
  const { pods, seed, capture } = options;
  const traffic = new Traffic(new Random(seed), lab.processes);
  const residents = await settle(lab, pods);
  const daemon = lab.daemon({ CAPTURE: capture, INTERVAL: `${INTERVAL / 1000}s` });
  const observer = new Observer(daemon, lab.environment['SPOOL_DIR'] ?? '', options);
  await observer.calm('the beginning');
  await sleep(SETTLE);
  await talk(residents, traffic);
  const from = Date.now();
  const guests = new Guests(lab, traffic, residents, new Random(seed + 1));
  const faults: Span[] = [];
  // Each track has its own, so that the seed decides what happens when, however fast the machine is.
  const wrong = tracks(lab, new Random(seed + 2), capture).map(
    (track, index) => [track, new Random(seed + 3 + index)] as const,
  );
  const happened = (span: Span) => void faults.push(span);

  const rough = async () => {
    const end = new AbortController();
    const broken = Promise.all([
      guests.run(end.signal),
      ...wrong.map(([track, random]) => misbehave(track, random, end.signal, happened)),
    ]);
    const watched = observer.watch(options.seconds / 2, () => {
      const last = faults.at(-1)?.name ?? 'nothing';
      return `${guests.living} of ${guests.born} guests live; ${faults.length} faults, the last: ${last}`;
    });
    await Promise.race([watched, broken.then(() => watched)]);
    end.abort();
    await broken;
  };

  const start = await observer.rest('start');
  await rough();
  const middle = await observer.rest('middle');
  await rough();
  const end = await observer.rest('end');
  const to = Date.now();
  traffic.end();
  await sleep(SETTLE);
  const counts = residents.map(kernelCount);
  await kill(daemon.process, 'SIGTERM');
  const truth = { residents: counts, guests: guests.lives, sent: traffic.sent };
  const outages = outagesOf(faults, lab.api.requests);
  const found = await reconcile(lab.influx, { ...truth, outages, from, to, interval: INTERVAL });
  const { most = end } = observer;
  return { rests: { start, middle, end }, most, reconciliation: found, faults, log: daemon.log };
}

async function settle(lab: Lab, count: number): Promise<Pod[]> {
  const pods: Pod[] = [];
  for (let index = 0; index < count; index += 1) {
    const ips = [`10.244.0.${10 + index}`];
    pods.push(await lab.pod({ namespace: 'residents', name: `resident-${index}`, ips }));
  }
  return pods;
}

async function talk(pods: readonly Pod[], traffic: Traffic): Promise<void> {
  for (const pod of pods) await traffic.add(pod);
  for (const [index, pod] of pods.entries()) {
    const others = PEERS.map((by) => pods[(index + by) % pods.length]);
    for (const other of others) if (other && other !== pod) traffic.connect(pod, other);
  }
}
