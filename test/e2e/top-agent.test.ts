import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { between, UNUSED } from '../../lib/linux/interface-counters.ts';
import type { Counters } from '../../lib/model.ts';
import { type Hello, type LiveSlot, parseFrame, parseHello } from '../../lib/live/frame.ts';
import { inherited } from '../lab/daemon.ts';
import { until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, MAIN, type Pod, SOURCE } from '../lab/lab.ts';
import { assertClose, assertReasons, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Payload a second, and a packet. */
const RATE = 2_000_000;
const PAYLOAD = 1000;
/** Of IP and UDP. */
const HEADERS = 28;
const PACKET = PAYLOAD + HEADERS;
/** Milliseconds. */
const STEADY = 4000;
const MEASURED = 10_000;
/** Milliseconds within which a flow that begins is to be seen, on a computer that has nothing else to do. */
const SOON = 5000;
const [DB, SERVICE, OUTSIDE] = ['10.244.0.11', '10.96.0.11', '198.51.100.7'];

/** What `nstats top --raw` says in the lab. */
class Viewer {
  readonly process: ChildProcess;
  readonly slots: LiveSlot[] = [];
  hello: Hello | undefined;
  frames = 0;

  constructor({ processes, environment }: Lab) {
    this.process = processes.start(process.execPath, [MAIN, 'top', '--raw'], {
      env: { ...inherited(), ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(this.process.stdout?.pipe(createGunzip()) ?? assert.fail());
    lines.on('line', (line) => {
      if (this.hello) this.#add(line);
      else this.hello = parseHello(line);
    });
  }

  /** The flows from a pod to a peer in slots that began after a moment. */
  flows(pod: string, peer: string, after = 0) {
    return this.slots
      .filter((slot) => slot.pod === pod && slot.from >= after)
      .map(({ from, to, flows }) => {
        const flow = flows.find((each) => each.peer === peer);
        return { seconds: (to - from) / 1000, sent: flow?.sentBytes ?? 0, flow };
      });
  }

  #add(line: string): void {
    this.frames += 1;
    this.slots.push(...parseFrame(line).slots);
  }
}

let lab: Lab;
let daemon: Daemon;
let web: Pod;
let db: Pod;
let viewer: Viewer;
const senders: ChildProcess[] = [];
/** What the pods had passed when the agent began. */
const starts = new Map<Pod, Counters>();

before(async () => {
  lab = await createLab();
  web = await lab.pod({ namespace: 'shop', name: 'web', ips: ['10.244.0.10'] });
  db = await lab.pod({ namespace: 'data', name: 'db', ips: [DB] });
  const outside = await lab.outside([OUTSIDE]);
  await db.serve(80);
  await outside.serve(80);
  lab.service({ namespace: 'data', name: 'store', ips: [SERVICE], port: 80, backends: [DB] });
  for (const pod of [web, db]) starts.set(pod, pod.sandbox.counters());
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(2);
  await until(() => daemon.said('window closed').length > 0, 'a window');
});

after(() => lab.end());

test('a viewer has the hello at once, and frames although nothing passes', async () => {
  viewer = new Viewer(lab);
  await until(() => viewer.hello !== undefined, 'the hello');
  assert.equal(viewer.hello?.node, 'lab-1');
  assert.equal(viewer.hello?.source, SOURCE);
  assert.equal(viewer.hello?.nodes, 1);
  await until(() => viewer.frames >= 3, 'frames');
});

test('of a flow that begins in an idle pod a frame is told soon, with its name', async (t) => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const began = Date.now();
  const seen = setInterval(() => {
    if (viewer.flows('web', 'db').some(({ sent }) => sent > PACKET)) resolve(Date.now() - began);
  }, 50);
  senders.push(web.traffic('datagrams', DB, 80, RATE, PAYLOAD));
  const took = await Promise.race([promise, sleep(3 * SOON, Infinity)]);
  clearInterval(seen);
  t.diagnostic(`seen after ${took} ms`);
  assert.ok(took <= 2 * SOON);
});

test('rates are those that are sent, four seconds after the beginning, at both ends', async (t) => {
  await sleep(STEADY);
  const from = Date.now();
  await sleep(MEASURED);
  const expected = (RATE / PAYLOAD) * PACKET;
  const sent = viewer.flows('web', 'db', from);
  const received = viewer.flows('db', 'web', from);
  const off = sent.map((each) => Math.abs(each.sent / each.seconds / expected - 1));
  t.diagnostic(`the slots are off by ${off.map((part) => (100 * part).toFixed(2)).join(', ')} %`);
  assert.ok(sent.length >= 3 && received.length >= 3);
  assertClose(rateOf(sent, 'sentBytes'), expected, 0.02);
  assertClose(rateOf(received, 'receivedBytes'), expected, 0.02);
});

test('peers have the names that rows have', async () => {
  senders.push(web.traffic('datagrams', SERVICE, 80, 20_000, PAYLOAD));
  senders.push(db.traffic('datagrams', OUTSIDE, 80, 20_000, PAYLOAD));
  const named = (pod: string, kind: string) =>
    viewer.slots
      .filter((slot) => slot.pod === pod)
      .flatMap(({ flows }) => flows)
      .find(({ peer_kind, sentBytes }) => peer_kind === kind && sentBytes > PACKET);
  await until(() => Boolean(named('web', 'service') && named('db', 'external')), 'both');
  const pick = ({ peer_namespace, peer, peer_workload }: NonNullable<ReturnType<typeof named>>) => [
    peer_namespace,
    peer,
    peer_workload,
  ];
  const rows = await lab.influx.query("SELECT * FROM nstat WHERE pod = 'web' AND peer = 'db'");
  assert.ok(rows.length > 0);
  const service = named('web', 'service');
  assert.deepEqual(service && pick(service).slice(0, 2), ['data', 'store']);
  const external = named('db', 'external');
  assert.deepEqual(external && pick(external), ['-', '198.51.100.0/24', '-']);
  const { flow } = viewer.flows('web', 'db').at(-1) ?? assert.fail('no flow');
  assert.equal(flow?.peer_workload, rows[0]?.['peer_workload']);
});

test('windows are exact while somebody watches', async () => {
  await Promise.all(senders.map((child) => kill(child, 'SIGKILL')));
  for (const pod of [web, db]) {
    const { sent } = between(starts.get(pod) ?? UNUSED, pod.sandbox.counters());
    // What the agent had not read of when it began is a packet that announces an address.
    const hasAll = async () => sum(await rows('nstat_pod', pod.name), 'sentBytes') >= sent - PACKET;
    await until(hasAll, `all windows of ${pod.name}`, 45);
    const totals = await rows('nstat_pod', pod.name);
    assertReasons(totals);
    assertClose(sum(totals, 'sentBytes'), sent, 0, PACKET);
    const attributed = sum(totals, 'sentAttributed');
    assert.equal(sum(await rows('nstat', pod.name), 'sentBytes'), attributed);
    assertClose(attributed, sent, SOURCE === 'bpf' ? 0 : 0.005, 2 * PACKET);
  }
});

test('when the agent is killed its viewer ends, and the next agent has the socket', async () => {
  await kill(daemon.process, 'SIGKILL');
  assert.equal(await exitOf(viewer.process), 0);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(2);
  viewer = new Viewer(lab);
  await until(() => viewer.frames > 0, 'a frame');
  assert.deepEqual(daemon.said('nstats top'), []);
});

test('an agent that is asked to end lets its viewer go, and takes its socket away', async () => {
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0);
  assert.equal(await exitOf(viewer.process), 0);
  assert.equal(existsSync(lab.environment['TOP_SOCKET'] ?? ''), false);
});

const rows = (measurement: string, pod: string) =>
  lab.influx.query(`SELECT * FROM ${measurement} WHERE pod = '${pod}'`);

/** Bytes a second in all these slots. */
function rateOf(
  slots: ReturnType<Viewer['flows']>,
  direction: 'sentBytes' | 'receivedBytes',
): number {
  const seconds = slots.reduce((all, slot) => all + slot.seconds, 0);
  return slots.reduce((all, { flow }) => all + (flow?.[direction] ?? 0), 0) / seconds;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}
