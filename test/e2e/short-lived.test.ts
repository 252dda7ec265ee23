import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../lab/influx.ts';
import { createLab, type Daemon, type Lab, type Pod } from '../lab/lab.ts';
import { assertReasons, MISSING, sum } from '../lab/rows.ts';
import { kill, sh } from '../lab/shell.ts';

/** How many pods live and die one after the other, and for how long. */
const LIVES = Number(process.env['LIVES'] ?? 6);
const LIFE = 3000;
const RATE = 1_000_000;
/** Packets wait up to a second to be captured. */
const IDLE = 1200;

let lab: Lab;
let daemon: Daemon;
let server: Pod;
/** IP bytes of each pod, in both directions, when its interface was taken away. */
const counted = new Map<string, number>();
let podRows: Row[];
let rows: Row[];
/** The cgroups that the daemon watches, before and after. */
let watched: readonly [before: number, after: number];

before(async () => {
  // In the lab's own mount namespace: where the daemon looks for the node's.
  const cgroups = `${process.env['LAB_DIRECTORY']}/cgroup/${process.env['LAB_NAME']}`;
  sh('mount', ['--bind', cgroups, '/sys/fs/cgroup']);
  lab = await createLab();
  server = await lab.pod({ namespace: 'lab', name: 'server', ips: ['10.244.0.11'] });
  await server.serve(8080);
  daemon = lab.daemon({ INTERVAL: '5s' });
  await lab.captures(1);
  const first = watches();
  for (let index = 0; index < LIVES; index += 1)
    await live(`${index % 2 === 0 ? 'orderly' : 'abrupt'}-${index}`, index);
  await sleep(3000);
  watched = [first, watches()];
  await kill(daemon.process, 'SIGTERM');
  podRows = await lab.influx.query('SELECT * FROM nstat_pod');
  rows = await lab.influx.query('SELECT * FROM nstat');
});

after(() => lab.end());

function watches(): number {
  const infos = `/proc/${daemon.process.pid}/fdinfo`;
  const texts = readdirSync(infos).map((fd) => readFileSync(`${infos}/${fd}`, 'utf8'));
  return texts.join('').split(/^inotify /m).length - 1;
}

/** A pod of an odd index sends until its end; another one is idle before it, until all it sent can be captured. */
async function live(name: string, index: number): Promise<void> {
  const ips = [`10.244.0.${20 + (index % 200)}`];
  const pod = await lab.pod({ namespace: 'lab', name, ips, announced: true });
  const traffic = pod.traffic('send', '10.244.0.11', 8080, RATE);
  await sleep(LIFE - IDLE);
  if (index % 2 === 0) await kill(traffic, 'SIGKILL');
  await sleep(IDLE);
  const { sent = 0, received = 0 } = (await pod.remove()) ?? {};
  counted.set(name, sent + received);
}

test('every pod that lives for three seconds has rows with the name of its peer', () => {
  const seen = [...counted.keys()].filter((name) =>
    rows.some(({ pod, peer }) => pod === name && peer === 'server'),
  );
  assert.deepEqual(seen, [...counted.keys()]);
});

for (const [manner, ofKernel, ofCaptured] of [
  ['orderly', 0.99, 0.95],
  // The counters are read five times a second; the last second waits in the packet ring, which goes with the interface.
  ['abrupt', 0.7, 0.3],
] as const) {
  test(`pods with an ${manner} end: no byte is counted twice, and few are not counted or not captured`, (t) => {
    const names = [...counted.keys()].filter((name) => name.startsWith(manner));
    const own = podRows.filter(({ pod }) => names.includes(String(pod)));
    const whole = names.reduce((total, name) => total + (counted.get(name) ?? 0), 0);
    const part = (what: string, ...fields: string[]) => {
      const bytes = sum(own, ...fields);
      t.diagnostic(`${what}: ${bytes} of ${whole} bytes, ${((100 * bytes) / whole).toFixed(2)} %`);
      return bytes / whole;
    };
    const byKernel = part('counted', 'sentBytes', 'receivedBytes');
    const attributed = part('attributed', 'sentAttributed', 'receivedAttributed');
    const uncaptured = part('before the first frame, after the last', 'missingUncaptured');
    assert.ok(byKernel > ofKernel && byKernel < 1.001);
    assert.ok(attributed > 0.3 && attributed < 1.01);
    // How long a capture takes to start depends on the machine.
    const captured = manner === 'orderly' ? attributed + uncaptured : attributed;
    assert.ok(captured > ofCaptured);
  });
}

test('in every row the reasons for missing bytes add up, and the kernel has counted all', () => {
  assertReasons(podRows);
  assert.equal(sum(podRows, 'sentUncounted', 'receivedUncounted'), 0);
});

test('the totals of the node are those of its pods', async () => {
  const agents = await lab.influx.query('SELECT * FROM nstat_agent');
  for (const reason of MISSING) assert.equal(sum(agents, reason), sum(podRows, reason));
  assert.ok(Number(agents.at(-1)?.['series']) > LIVES);
});

test('the cgroups of pods that live are watched, and no others', () => {
  // The root, kubepods.slice, the one of its quality of service, and the server's.
  assert.deepEqual(watched, [4, 4]);
});

test('no capture failed', () => {
  assert.deepEqual(daemon.said('capture failed'), []);
});
