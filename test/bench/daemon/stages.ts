import { attribute } from '../../../lib/naming/attribute.ts';
import { FrameSplitter } from '../../../lib/iftop/frames.ts';
import { parseFrame } from '../../../lib/iftop/parse.ts';
import { encodeTraffic } from '../../../lib/influx/line-protocol.ts';
import { Directory } from '../../../lib/naming/directory.ts';
import type { Owner } from '../../../lib/kubernetes/records.ts';
import type { Bytes, Edge, Pair, Traffic } from '../../../lib/model.ts';
import { traffic } from '../../daemon/agent.ts';
import { real } from '../../iftop/captures.ts';
import { median } from '../node/figures.ts';

/** A stage of the daemon by itself, and beside it the least that could be done with the same data. */
export interface Stage {
  readonly name: string;
  readonly unit: string;
  /** Units a second of CPU time. */
  readonly rate: number;
  readonly reference: string;
  /** Units a second of the reference. */
  readonly referenceRate: number;
}

/** Peers of a pod, which are lines of two in a frame. */
const PEERS = 15;
const PODS = 20_000;
const ROUNDS = 5;

/** Takes each loop for so long (milliseconds) in each of five rounds, and the median of these. */
export function stages(milliseconds: number): Stage[] {
  const race = (units: number, stage: () => unknown, reference: () => unknown) => {
    const rates = { stage: [] as number[], reference: [] as number[] };
    // The first round is for the compiler.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [own, others] = [stage, reference].map((run) => units * repeat(run, milliseconds));
      if (round === 0) continue;
      rates.stage.push(own ?? NaN);
      rates.reference.push(others ?? NaN);
    }
    return { rate: median(rates.stage), referenceRate: median(rates.reference) };
  };
  return [parsing(race), attribution(race), encoding(race)];
}

type Race = (
  units: number,
  stage: () => unknown,
  reference: () => unknown,
) => Pick<Stage, 'rate' | 'referenceRate'>;

/** Runs in a second of CPU time, whoever else uses the machine. */
function repeat(run: () => unknown, milliseconds: number): number {
  const [start, before] = [performance.now(), process.cpuUsage()];
  let runs = 0;
  do {
    run();
    runs += 1;
  } while (performance.now() - start < milliseconds);
  const { user, system } = process.cpuUsage(before);
  return runs / ((user + system) / 1e6);
}

function parsing(race: Race): Stage {
  const text = frameText();
  const parse = () => {
    const frames = new FrameSplitter().push(text).map(parseFrame);
    if (frames[0]?.flows.length !== PEERS) throw new Error('the frame was not understood');
  };
  const list = JSON.stringify(text.split('\n'));
  const json = list.slice(0, text.length - 2);
  const same = `${json.slice(0, json.lastIndexOf('","'))}"]`;
  return {
    name: 'parse',
    unit: `frames of ${PEERS} pairs`,
    reference: 'JSON.parse of as many bytes, as strings',
    ...race(1, parse, () => JSON.parse(same)),
  };
}

function attribution(race: Race): Stage {
  const directory = new Directory();
  const now = Date.now();
  const owners = Array.from({ length: PODS }, (_, index) => ownerAt(index, now));
  directory.replace('pod', owners, now);
  directory.replace('service', [], now);
  directory.replace('node', [], now);
  const byAddress = new Map(owners.flatMap((owner) => owner.ips.map((ip) => [ip, owner])));
  const addresses = [...byAddress.keys()];
  const windows = Array.from({ length: 200 }, (_, window) =>
    Array.from({ length: PEERS }, (_, peer) => {
      const remote = addresses[(window * 997 + peer * 7919) % addresses.length] ?? '';
      return { local: '10.244.0.10', remote, sent: 1000, received: 2000, from: now, to: now + 1 };
    }),
  );
  const pod = { ips: ['10.244.0.10'] };
  const name = (pairs: readonly Pair[]) => {
    const edges = attribute(pod, { pairs }, (...asked) => directory.peer(...asked));
    if (edges.some(({ peer }) => peer.kind !== 'pod')) throw new Error('a pod was not found');
  };
  return {
    name: 'attribute',
    unit: `flows, ${PODS.toLocaleString('en-US')} pods known`,
    reference: 'look-ups of the same addresses in a Map',
    ...race(
      windows.length * PEERS,
      () => windows.forEach(name),
      () => windows.map((pairs) => pairs.map(({ remote }) => byAddress.get(remote))),
    ),
  };
}

function encoding(race: Race): Stage {
  const sample = trafficOf(PEERS);
  const context = {
    cluster: '-',
    node: 'worker-1',
    zone: 'zone-a',
    interval: 10_000,
    podLabels: [],
  };
  return {
    name: 'encode',
    unit: 'rows',
    reference: 'JSON.stringify of the same peers and numbers',
    ...race(
      PEERS + 1,
      () => encodeTraffic(sample, context),
      () => [...sample.edges, sample.kernel].map((each) => JSON.stringify(each)),
    ),
  };
}

/** The recorded frame of 150 pairs, without all but the first of them. */
function frameText(): string {
  const lines = real.find(({ name }) => name === 'pairs-150')?.frames[0] ?? [];
  const last = lines.findIndex((line) => line.startsWith(`${PEERS + 1}`.padStart(4)));
  const end = lines.findIndex((line, index) => index > last && line.startsWith('---'));
  return `${[...lines.slice(0, last), ...lines.slice(end)].join('\n')}\n`;
}

function trafficOf(peers: number): Traffic {
  const edges = Array.from({ length: peers }, (_, peer): Edge => {
    const workload = `Deployment/app-${peer}`;
    const name = `app-${peer}-6cd5976f84-2n5b8`;
    const named = {
      kind: 'pod',
      namespace: 'team-1',
      name,
      workload,
      zone: 'zone-b',
      scope: 'cross-zone',
    } as const;
    return { peer: named, ...bytes(peer) };
  });
  const pod = { name: 'web-6cd5976f84-2n5b8', workload: 'Deployment/web', ips: ['10.244.0.10'] };
  const all = traffic('team-0', edges);
  return { ...all, pod: { ...all.pod, ...pod } };
}

function bytes(peer: number): Bytes {
  return { sent: 123_457 * (peer + 1), received: 76_543 * (peer + 1) };
}

/** A pod that has been there for an hour. */
function ownerAt(index: number, now: number): Owner {
  const app = `app-${Math.floor(index / 10)}`;
  return {
    uid: `uid-${index}`,
    kind: 'pod',
    namespace: `team-${Math.floor(index / 200)}`,
    name: `${app}-6cd5976f84-${index.toString(36)}`,
    workload: `Deployment/${app}`,
    node: `node-${index % 1000}`,
    zone: '',
    ips: [`10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`],
    podCidrs: [],
    since: now - 3_600_000,
    started: now - 3_590_000,
    running: true,
  };
}
