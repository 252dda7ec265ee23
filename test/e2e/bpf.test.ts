import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { between } from '../../lib/linux/interface-counters.ts';
import type { Counters } from '../../lib/model.ts';
import { type Row, until } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { processesNamed } from '../lab/processes.ts';
import { assertReasons, sum } from '../lab/rows.ts';
import { kill } from '../lab/shell.ts';

/** Seconds. */
const WINDOW = 5;
/** Bytes a second. */
const RATE = 10_000_000;
const PORT = 9000;
/** Packets that are not IP, such as ARP, have a few bytes. */
const FEW = 2000;
/** Bytes of a report of a multicast group that is left (76), and of what TCP says of a connection that ends. */
const GOODBYE = 200;
/** Where nobody answers, in networks of 256 addresses. */
const NETWORK = /^198\.18\.\d+\.0\/24$/;
const BOTH = ['sent', 'received'] as const;

let lab: Lab;
let daemon: Daemon;
let a: Pod;
let b: Pod;
/** Before a test its daemon starts, in seconds. */
let begun: number;
/** The counters of each pod when the daemon may not count yet, and when it does. */
let starts: Map<Pod, readonly [before: Counters, after: Counters]>;

async function makePod(name: string, index: number, more: object = {}): Promise<Pod> {
  const ips = [`10.244.0.${index}`, `fd00:10:244::${index}`];
  return lab.pod({ namespace: 'lab', name, ips, ...more });
}

before(async () => {
  lab = await createLab();
  [a, b] = [await makePod('a', 10), await makePod('b', 11)];
  await Promise.all([a.serve(PORT), b.serve(PORT)]);
});

beforeEach(async () => {
  // The rows of the test before have earlier times.
  await sleep(1500);
  begun = Date.now() / 1000;
  const counters = () => [a, b].map((pod) => pod.sandbox.counters());
  const first = counters();
  daemon = lab.daemon({ CAPTURE: 'auto', INTERVAL: `${WINDOW}s` });
  await lab.captures(2);
  const then = counters();
  starts = new Map([a, b].map((pod, nth) => [pod, [first[nth]!, then[nth]!] as const]));
});

afterEach(async () => {
  await kill(daemon.process, 'SIGKILL');
  await until(() => processesNamed('nstats-bpf').length === 0, 'that no helper is left');
});

after(() => lab.end());

async function rowsOf(measurement: string, pod?: Pod): Promise<Row[]> {
  const rows = await lab.influx.query(`SELECT * FROM ${measurement}`);
  return rows.filter((row) => row.time > begun && (!pod || row['pod'] === pod.name));
}

/** The rows of a pod's totals, in each of which the sums are the same. */
async function totalsOf(pod: Pod): Promise<Row[]> {
  const rows = await rowsOf('nstat_pod', pod);
  assertReasons(rows);
  for (const row of rows)
    for (const direction of BOTH)
      assert.ok(sum([row], `${direction}Bytes`) >= sum([row], `${direction}Attributed`));
  const peers = await rowsOf('nstat', pod);
  for (const direction of BOTH)
    assert.equal(sum(peers, `${direction}Bytes`), sum(rows, `${direction}Attributed`));
  return rows;
}

/** Ends the daemon, and asserts that the rows of the pods have all that their interfaces counted. */
async function endExactly(): Promise<void> {
  const ends = new Map([a, b].map((pod) => [pod, pod.sandbox.counters()]));
  assert.equal(await kill(daemon.process, 'SIGTERM'), 0, daemon.log.slice(-5).join('\n'));
  for (const [pod, [early, late]] of starts) {
    const rows = await totalsOf(pod);
    const least = between(late, ends.get(pod) ?? assert.fail());
    const most = between(early, pod.sandbox.counters());
    for (const direction of BOTH) {
      const total = sum(rows, `${direction}Bytes`);
      const text = `${pod.name} ${direction} ${least[direction]} ${total} ${most[direction]}`;
      assert.ok(total >= least[direction] && total <= most[direction], text);
    }
  }
}

function load(): ReturnType<Pod['traffic']>[] {
  return [
    a.traffic('send', b.ips[0] ?? '', PORT, RATE),
    a.traffic('fetch', b.ips[1] ?? '', PORT, RATE),
    b.traffic('spray', PORT, RATE / 10, ...a.ips),
  ];
}

/** What was sent to many addresses. */
function isSwept({ peer_kind: kind, peer }: Row): boolean {
  return kind === 'other' || NETWORK.test(String(peer));
}

/** Waits for the rows of a window that ends after a moment, in seconds since 1970. */
async function windowAfter(moment: number): Promise<void> {
  const isThere = async () => (await rowsOf('nstat_agent')).some(({ time }) => time > moment);
  await until(isThere, 'a window', 60);
}

async function stop(traffic: ReturnType<typeof load>): Promise<void> {
  await Promise.all(traffic.map((child) => kill(child, 'SIGKILL')));
  await sleep(300);
}

test('all bytes of TCP and UDP by IPv4 and IPv6 have peers', async (t) => {
  const traffic = load();
  await windowAfter(Date.now() / 1000 + WINDOW);
  await stop(traffic);
  // Of the window that the end cuts short nothing is missing then, however long its drain takes.
  await windowAfter(Date.now() / 1000);
  await endExactly();
  for (const pod of [a, b]) {
    const rows = await totalsOf(pod);
    assert.ok(sum(rows, 'sentAttributed') > RATE);
    assert.equal(sum(rows, 'missingOverload', 'missingPaused'), 0);
    // In its first seconds a pod looks for routers and joins groups, maybe between the daemon's start and the capture's.
    const { sent, received } = between(...(starts.get(pod) ?? assert.fail()));
    const uncaptured = sum(rows, 'missingUncaptured');
    assert.ok(uncaptured <= sent + received, `${uncaptured} ${sent} ${received}`);
    assert.ok(sum(rows, 'missingOther') < FEW, `${sum(rows, 'missingOther')}`);
  }
  t.diagnostic(`${sum(await rowsOf('nstat_pod'), 'sentBytes', 'receivedBytes')} bytes`);
  const agent = await rowsOf('nstat_agent');
  assert.ok(agent.length > 0 && agent.every((row) => row['bpf'] === 1));
});

test('a daemon that is ended while pods send writes all until then', async () => {
  const traffic = load();
  await sleep(7000);
  await endExactly();
  await stop(traffic);
});

test('30 000 peers of a pod are in the row of their network or in the rest, nothing is missing, and another pod is exact', async () => {
  const traffic = [
    a.traffic('sweep', 10_000, 30_000),
    b.traffic('spray', PORT, RATE / 10, ...a.ips),
  ];
  // All of them in a window, and windows beside it.
  await sleep(12_000);
  await stop(traffic);
  await endExactly();
  for (const pod of [a, b]) {
    const rows = await totalsOf(pod);
    assert.ok(sum(rows, 'missingUncaptured', 'missingOther') < FEW);
    assert.equal(sum(rows, 'overloaded'), 0);
  }
  const peers = await rowsOf('nstat', a);
  const swept = peers.filter(isSwept);
  const networks = new Set(swept.map(({ peer }) => peer));
  assert.ok(networks.has('-') && networks.size > 50, `${networks.size} networks`);
  const others = new Set(peers.filter((row) => !isSwept(row)).map(({ peer }) => peer));
  // The node says that it has no way there. The rest is said when the interface comes up.
  for (const peer of ['b', 'lab-1', 'link-local', 'multicast']) others.delete(peer);
  assert.deepEqual([...others], []);
  assert.ok(sum(swept, 'sentBytes') > RATE / 2);
  assert.deepEqual(
    (await rowsOf('nstat', b)).filter((row) => row['peer_kind'] === 'other'),
    [],
  );
});

test('a pod that is taken away while it sends has all of it, whenever the API server says so', async () => {
  const died = new Map<Pod, number>();
  for (let nth = 0; nth < 4; nth += 1) {
    const pod = await makePod(`brief-${nth}`, 20 + nth, { announced: true });
    pod.traffic('send', b.ips[0] ?? '', PORT, RATE / 10);
    await sleep(3000);
    const untold = nth % 2 === 0 ? () => lab.captures(2) : undefined;
    const { sent = 0, received = 0 } = (await pod.remove(untold)) ?? {};
    died.set(pod, sent + received);
  }
  await endExactly();
  for (const [pod, passed] of died) {
    const rows = await totalsOf(pod);
    // The interface says goodbye to its groups when it is taken away, before its packet socket hears of that or after.
    const total = sum(rows, 'sentBytes', 'receivedBytes');
    assert.ok(total > passed - GOODBYE && total < passed + FEW, `${passed} ${total}`);
    const [uncaptured, other] = [sum(rows, 'missingUncaptured'), sum(rows, 'missingOther')];
    assert.ok(other < FEW && uncaptured < passed / 2, `${passed} ${uncaptured} ${other}`);
  }
});

test('of a pod whose interface does not count what it receives the program’s count is the total, and the row says so', async (t) => {
  const deaf = await makePod('deaf', 30, { redirected: true });
  await deaf.serve(PORT);
  await lab.captures(3);
  const before = a.sandbox.passed().sent;
  const traffic = a.traffic('send', deaf.ips[0] ?? '', PORT, RATE);
  await sleep(8000);
  await stop([traffic]);
  const passed = a.sandbox.passed().sent - before;
  const counted = deaf.sandbox.counters().receivedBytes;
  // What comes in the window in which a pod goes cannot be compared any more.
  const hasAll = async () => sum(await rowsOf('nstat_pod', deaf), 'receivedBytes') > passed - FEW;
  await until(hasAll, 'its rows');
  await deaf.remove();
  await endExactly();
  const rows = await rowsOf('nstat_pod', deaf);
  const [bytes, uncounted] = [sum(rows, 'receivedBytes'), sum(rows, 'receivedUncounted')];
  t.diagnostic(
    `${passed} bytes sent, ${bytes} received, ${counted} of them counted by the kernel, ${uncounted} uncounted`,
  );
  assert.ok(Math.abs(bytes - passed) < FEW, `${passed} ${bytes}`);
  assert.ok(bytes - sum(rows, 'receivedAttributed') < FEW);
  assert.ok(counted < FEW && uncounted <= bytes);
  // As much as came in the first drain may be on its way between the program and the counters, for all that is known.
  const [, ...later] = rows.filter((row) => sum([row], 'receivedBytes') > FEW);
  assert.ok(later.length > 0);
  for (const row of later)
    assert.ok(sum([row], 'receivedUncounted') > 0.9 * sum([row], 'receivedBytes'), `${row.time}`);
  assert.equal(sum(rows, 'sentUncounted'), 0);
  assert.equal(daemon.said('do not have all that was captured').length, 1);
});

for (const signal of ['SIGKILL', 'SIGSTOP'] as const)
  test(`what passes while the helper is gone by ${signal} is missing for that reason, and nothing is there twice`, async (t) => {
    const traffic = load();
    await sleep(6000);
    const [helper] = processesNamed('nstats-bpf');
    process.kill(helper?.pid ?? 0, signal);
    await until(
      () => !processesNamed('nstats-bpf').some(({ pid }) => pid === helper?.pid),
      'its end',
    );
    await lab.captures(2);
    const back = Date.now() / 1000;
    await windowAfter(back + WINDOW);
    await stop(traffic);
    const end = Date.now() / 1000;
    await windowAfter(end);
    await endExactly();
    for (const pod of [a, b]) {
      const rows = await totalsOf(pod);
      assert.ok(sum(rows, 'missingUncaptured') > RATE / 100);
      assert.ok(sum(rows, 'missingOther') < RATE / 100, `${sum(rows, 'missingOther')}`);
      t.diagnostic(
        `${pod.name}: ${sum(rows, 'missingUncaptured')} bytes uncaptured, ${sum(rows, 'missingOther')} other`,
      );
      const whole = rows.filter(({ time }) => time - WINDOW >= back && time <= end);
      assert.ok(whole.length > 0 && sum(whole, 'sentAttributed') > 0);
      assert.equal(sum(whole, 'missingUncaptured'), 0);
    }
    assert.equal(sum(await rowsOf('nstat_agent'), 'helperRestarts'), 1);
    assert.equal(daemon.said('the helper that counts in the kernel has ended').length, 1);
  });

test('--check says what captures', async () => {
  const { text } = await lab.check({ CAPTURE: 'bpf' });
  assert.match(text, /^ok {4}capture: traffic can be counted in the kernel$/m);
});

test('a daemon that is killed leaves no helper', async () => {
  await kill(daemon.process, 'SIGKILL');
  await until(() => processesNamed('nstats-bpf').length === 0, 'the end of the helper');
});
